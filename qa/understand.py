"""What a question asks for: the kind of answer, the words that count, the years, places and levels that it names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from qa.figures import magnitudes
from qa.lexicon import Lexicon
from qa.typos import Correction, Spelling

AnswerKind = Literal[
    "amount",
    "ratio",
    "count",
    "date",
    "period",
    "validity",
    "department",
    "person",
    "list",
    "definition",
    "condition",
    "procedure",
    "yesno",
    "span",
]

_U = "米|公里|厘米|毫米|平方米|吨|亩|度|分|家|个|件|人|名|辆|项|座|位|所|套|处|次|条|张|间|台|门|篇|户|支|岁|周岁"
_RULES: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))  # type: ignore[misc]
    for kind, pattern in (
        ("procedure", r"吗[，,].{0,6}怎么办|怎么个?查|走什么程序"),
        (
            "validity",
            r"有效期(?!内)|生效|失效|施行日期|(?:何时|哪天|什么时候|哪一天|几时|几号)[^，]{0,6}(?:施行|实施|到期|废止|作废|过期)|(?:施行|实施|执行)(?:日期|时间|期限)|"
            r"到(?:哪天|哪年|什么时候|何时)[^，]{0,3}(?:为止|截止|失效|届满)|(?:政策|文件|办法|措施|意见)[^，。]{0,8}(?:什么时候|何时|哪天)(?:截止|到期|开始)|还有效|征求意见稿?还是|正式印发",
        ),
        (
            "definition",
            r"是?指(?:的是|什么|谁|哪|啥)|含义|定义|界定|什么叫|啥叫|是什么(?:意思|样的|企业)|[”」\"]是(?:什么|啥)|^什么是|中文叫|所称|所指|什么意思|全称|指什么",
        ),
        (
            "list",
            r"哪些(?:条件|情况|情形|材料|方式|形式|内容|领域|区域|服务|许可证|行为|措施)|(?:条件|情形|材料)有哪些|[二三四五六七八九十两\d几](?:个|种|类|项|大|块)[^，？]{0,24}(?:是|叫|有)(?:什么|哪些)|哪几(?!个部门|个单位|家|位|天)",
        ),
        (
            "condition",
            r"(?:多少|几|多大|多久|多长)[^，？?]{0,10}(?:(?<!人)才(?!能拿多少)(?!特聘)|方可|起步)|(?:够|满|到)(?:多少|几)[^，？?]{0,12}(?:(?<!人)才|人才(?:能|可)|方)|前几名|"
            r"什么(?:样的)?(?:条件|前提|情况|资格)|什么样的(?:企业|公司|人|单位|主体|项目|机构)|哪些(?:人|企业|单位可以|类主体)|哪类|何种(?:级别|条件)|(?:符合|满足|具备|须具备|需要)[^，？?]{0,8}(?:哪些|什么)|条件(?:是什么|有哪些|$)|什么(?:程度|级别)|多大年纪|起码要有多少|(?:要|须|得)满几年",
        ),
        (
            "yesno",
            r"(?:吗|(?<![什怎那这])么)[？。！]*$|是否|能不能|可不可以|要不要|用不用|需不需要|能否|可否|行不行|算不算|有没有必要|是不是|需要不需要|允不允许",
        ),
        (
            "ratio",
            r"百分之|百分比|比例|几成|几个点|多少个点|几比几|占比|税率|费率|(?:失业|就业|增长|参保|覆盖|利用|合格|治理|达标|普及|转化|分类|上市|登记)率|[%％]|利息怎么算|利率|率[^，。？]{0,4}(?:多少|几)|率\s*(?:指标|标准|要求)?$",
        ),
        ("definition", r"叫(?:啥|什么)$"),
        (
            "amount",
            r"多少[^，？、]{0,3}(?:资金|经费|款项|滞纳金|罚金|费用|补偿|赔偿|利息|租金|押金)|几倍|多少倍|(?:补贴|补助|津贴|奖励|奖金|费用|租金|押金|罚款|赔偿|补偿)[^，。？]{0,6}多少(?=[？?。]|$)|多少(?:钱|元|万|亿|奖|补|罚|资金|投资|经费|专项|额度)|(?:奖|补|罚|赔|给|拿|领|贴|资助|补助|补贴|奖励|支持|投入|减免|扣)(?:了|到|给|是|为|有|能有)?(?:多少|几万|几百|几千|几毛|几块)|罚款(?:数额|多少|金额|标准|是)|罚几|"
            r"罚款$|金额|额度|封顶|标准[^，。？]{0,6}多少|钱(?:是|有|一共|总共)?多少|(?:期限|年限|时间|时长)[^，。？]{0,6}[\d一二两三四五六七八九十半]+个?[年月天日][^？]{0,10}多少|(?:奖金|津贴|押金|保证金|罚金)$|(?:奖励|补贴|补助|资助|处罚|扶持)(?:标准|幅度|上限)|最高(?:多少|能|可|奖|补)|几(?:万|块|百|千|毛)|多大规模|盘子有多大|多大的?(?:规模|专项|资金)|要回来多少|多少一次性|多少奖励|多少支持|收入[^，]{0,6}目标|规模目标|奖多少|补多少|罚多少|报多少|怎么罚|怎么奖",
        ),
        (
            "count",
            rf"多少(?:{_U})(?!工作日|月|小时|百分点)|几(?:{_U})(?!工作日|月|小时|部门|单位)|数量|人数|件数|家数|多少年一遇|成立多少年|几米|多(?:宽|高|深|厚|重|远|粗)|名额|次数",
        ),
        (
            "period",
            r"多久|多长时间|(?<!(?<!提)前)几天(?![后前])|(?<!月)几日|几个?(?:工作日|小时|年)|几个月|多少(?:天|个工作日|个月|年|小时)|期限|时限|几年|多少日|最长(?:能|可|多)",
        ),
        (
            "date",
            r"什么时候|何时|哪天|哪一天|哪一?年|几月几[号日]|几[号月]|何日|日期|截止|最晚|最迟|几时|哪个月|何年|哪两个日子|哪几天",
        ),
        (
            "list",
            r"哪些(?!部门|单位|机构|企业负责|局)|哪几(?!个部门|个单位|家)|哪(?:两|二|三|四|五|六|七|八|九|十|\d+)(?:个|种|类|项|块|区|件|份|条|步)(?!部门|单位)|分别(?:是|叫|有)|有什么|包括什么|包含什么|几(?:种|类|项|块|方面)|什么方式|"
            r"(?:内容|方式|途径|措施|范围)$|哪[“\"「]?(?:两|二|三|四|五|六|七|八|九|十)(?![年月日号])(?:个|大)?[“”\"「区新化美清类项块]",
        ),
        (
            "department",
            r"(?:哪|什么|哪些|哪个|哪几个|哪家)(?:个|些|几个)?(?:部门|单位|机构|局|委|科室|窗口)|责任单位|责任部门|牵头单位|牵头部门|主管部门|负责单位|承办单位|归谁|找谁|谁来?(?:负责|牵头|审|管|受理|定|批|督导|评估|考核)|由谁|归哪|交给谁|向谁|报给谁|往哪(?:儿|里)?(?:递|交|送|报)|"
            r"去哪(?:儿|里|个)?(?:办|申请|备案|递|交|反映|投诉)|哪里(?:办|申请)|谁受理|再找谁|找哪",
        ),
        (
            "person",
            r"副?(?:市长|省长|区长|县长|主任|书记|局长)$|谁|哪位|姓名|哪家|哪个(?:区|市|县|地方|镇|学校|公司|企业)|哪一家|得谁|谁点头|设在哪|在哪里|在哪$|哪儿|什么地方|地区",
        ),
        ("procedure", r"怎么(?:办|弄|申请|处理|走|查|投诉|交|领|报|做)|如何|怎样|流程|程序|手续|步骤|咋办|咋弄|怎么"),
    )
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=年|～|—|-|度|$|\s|[^\d])")
_LEVEL = re.compile(
    r"国家级|国家|省级|省里|市级|区级|县级|一等奖|二等奖|三等奖|[ⅠⅡⅢⅣ]级|[一二三四]级|特别重大|重大|较大|一般级"
)
_ARTICLE = re.compile(
    r"第[〇零一二三四五六七八九十百千\d]+条(?:第[一二三四五六七八九十\d]+款)?(?:第?[（(]?[一二三四五六七八九十\d]+[）)]?项)?"
)
_QUOTED = re.compile(r"[《“\"「]([^》”\"」]{2,60})[》”\"」]")
_NOT_THIS = re.compile(r"[，。？！]?(?:而不是|不是|并非)[^，。？]{1,10}?的?[？。！]*$")
_INJECTION = re.compile(
    r"(?:忽略|无视|忘记|跳过|不要理会|disregard|ignore)[^。]{0,14}(?:指令|规则|设定|要求|提示|instruction|prompt)|系统提示|提示词|system\s*prompt|"
    r"扮演|角色扮演|越狱|jailbreak|开发者模式|你的(?:设定|源代码|密码|密钥|配置)",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"笑话|聊(?:会儿?|聊)?天|陪我|讲个?故事|唱(?:首|个)|写(?:首|一首|段)|(?:今|明|后)[天日晚][^，。]{0,8}(?:天气|下雨|下雪|气温)|天气(?:怎么?样|如何|好不好|好吗|咋样)|^[^，。]{0,6}天气[？?]?$|会不会下[雨雪]|带伞|几度|吃(?:什么|啥)|好吃|餐馆|馆子|饭店推荐|电影|"
    r"股票(?:能|会)|彩票|算命|星座|你是谁|你叫什么|你几岁|你喜欢|你觉得|^(?:你好|您好|在吗|谢谢|再见|嗨|hello|hi|哈喽)[！!。？?，,\s]*$|翻译|帮我写|旅游攻略|今天星期|现在几点",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """A question as the readers see it. `text` is the question, `query` is what is searched: the question with its typos
    set right; `added` is what documents say for its words, which counts less.

    `scope` is "" for a question about documents, "injection" or "chat" for what is refused before any search.
    """

    text: str
    kind: AnswerKind
    content: str
    expansions: tuple[str, ...]
    query: str
    added: str
    years: tuple[str, ...]
    levels: tuple[str, ...]
    articles: tuple[str, ...]
    magnitudes: tuple[tuple[float, str], ...]
    quoted: tuple[str, ...]
    places: tuple[str, ...]
    scope: Literal["", "injection", "chat"]
    corrections: tuple[Correction, ...] = ()
    focus: str = ""  # of a follow-up: the user's own words, which weigh more than what was taken from before


class Understander:
    """Reads questions with one lexicon.

    >>> Understander(load_lexicon(), Tokenizer().words).read("省级的奖多少？").kind
    'amount'

    `words` cuts a text into words (loaded lazily: the first call costs a second); `spelling` knows what the corpus at
    hand says for words that it does not hold; `places` are regions of the documents at hand, beside the cities of
    places.txt.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        words: Callable[[str], list[str]],
        spelling: Spelling | None = None,
        places: Iterable[str] = (),
    ) -> None:
        self.lexicon = lexicon
        self._words = words
        self._spelling = spelling
        names = set(files("corpus").joinpath("places.txt").read_text("utf-8").split())
        names |= {part for place in places for part in re.split(r"[省市区县]", place) if len(part) > 1}
        self._places = re.compile("|".join(sorted(names, key=lambda name: (-len(name), name))))

    def read(self, question: str, focus: str = "") -> Understanding:
        """Never raises; an odd question is a `span` question. `focus` is the part of a follow-up that decides its kind."""
        text = "".join(c if "Ⅰ" <= c <= "Ⅻ" else unicodedata.normalize("NFKC", c) for c in question).strip()
        text = re.sub(r"([国省市区县])(?:家)?一级", r"\1级", re.sub(r"\?", "？", text))
        positive = _NOT_THIS.sub("", text)
        words = self._words(positive)
        corrections = tuple(self._spelling.corrections(words)) if self._spelling else ()
        plain = _corrected(text, corrections)
        if corrections:
            words = self._words(_corrected(positive, corrections))
        expansions = tuple(self.lexicon.expansions(words if positive == text else self._words(plain)))
        return Understanding(
            text=text,
            kind=_kind_of_follow_up(text, focus) if focus else kind_of(text),
            focus=focus,
            content=self.lexicon.content(words),
            expansions=expansions,
            corrections=corrections,
            query=plain,
            added=" ".join(expansions),
            years=tuple(dict.fromkeys(_YEAR.findall(text))),
            levels=tuple(dict.fromkeys(_LEVEL.findall(positive))),
            articles=tuple(_ARTICLE.findall(text)),
            magnitudes=magnitudes(text),
            quoted=tuple(_QUOTED.findall(text)),
            places=tuple(dict.fromkeys(p.removesuffix("市") for p in self._places.findall(text))),
            scope="injection" if _INJECTION.search(text) else "chat" if _CHAT.search(text) else "",
        )


def _corrected(text: str, corrections: Iterable[Correction]) -> str:
    for correction in corrections:
        text = text.replace(correction.typed, correction.meant)
    return text


def _kind_of_follow_up(whole: str, focus: str) -> AnswerKind:
    own = kind_of(focus)
    return kind_of(whole) if own == "span" else own


def kind_of(question: str) -> AnswerKind:
    """The kind of answer that a question wants, by its question words; `span` where none is known."""
    for kind, pattern in _RULES:
        if pattern.search(question):
            return kind
    return "span"
