"""Lines of a web page that are not of the document's text: its particulars (发文字号：…　发布日期：…) and residue.

A page prints both in runs on one line: 来源：市社保局　发布日期：2016-04-26　点击：496　【打印】【关闭】. A run is one only
where every piece of it is a label with its value, an action or a date; a sentence never is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of such a line: a particular as `label：value`, or residue."""

    text: str
    particular: bool


def _labels(names: str) -> str:
    """Regex source of labels in which spaces may stand (文　　号); the longer ones first."""
    words = sorted(names.split(), key=len, reverse=True)
    return "|".join(r"[ \u00a0\u3000]*".join(map(re.escape, word)) for word in words)


_LONG = _labels(
    "信息索引号 信息索取号 索引号 索取号 公开目录号 发文字号 发布文号 公文文号 文件编号 文件字号 文件号 统一编号 登记编号 规范性文件编号 发文机关 发文单位 "
    "发文机构 发文部门 发布机构 发布单位 发布机关 发布部门 制定机关 制定单位 制定部门 制发机关 公布机关 公开机构 责任部门 成文日期 成文时间 发文日期 "
    "发文时间 发布日期 发布时间 发表时间 发表日期 印发日期 印发时间 公布日期 公布时间 公开日期 生成日期 生成时间 签发日期 生效日期 生效时间 实施日期 施行日期 失效日期 "
    "失效时间 废止日期 终止日期 录入时间 更新日期 更新时间 有效性 有效状态 是否有效 效力状态 时效性 时效状态 效力级别 效力等级 有效期限 有效期 主题分类 主题词 法规类别 "
    "体裁分类 组配分类 服务对象分类 公文种类 公文类型 文件类型 文件种类 文种 信息分类 信息类别 类目名称 法规标题 文件标题 文件名称 信息名称 公文名称 信息来源 新闻来源 "
    "文章来源 稿件来源 内容概述 内容摘要 关键词 公开方式 公开类别 公开范围 公开形式 公开程序 公开时限 公开时间 公开属性 责任编辑 签发人 发布人 发布者"
)
_SHORT = _labels("文号 摘录 作者&来源 来源&作者 所属频道 所属栏目 标题 名称 来源 作者 日期 时间 分类 编辑 题名 摘要")
_COUNTS = _labels(
    "浏览次数 浏览量 浏览数 阅读次数 阅读量 阅读数 访问次数 访问量 点击次数 点击数 点击量 点击率 关注度 人气 点击 浏览 阅读"
)
_LOOKS = _labels("浏览字体 字体大小 字体 字号 色调调节 背景色 背景颜色 视力保护色 保护视力色 分享到 分享至 分享 转发到")
_DOINGS = (
    _labels(
        "打印本页 打印本文 打印文章 打印此页 打印页面 打印 关闭本页 关闭窗口 关闭页面 关闭当前浏览窗口 关闭本窗口 关闭 加入收藏 收藏本页 收藏本文 收藏 我要收藏 "
        "内容纠错 我要纠错 网站纠错 纠错 报错 返回顶部 返回列表 返回首页 返回上页 返回上一页 返回 回到顶部 顶部 推荐给朋友 推荐 下载本文 下载文字版 下载PDF 保存本页 保存 "
        "分享 转发 设为首页 网站首页 繁体版 简体版 繁体 简体 无障碍 无障碍阅读 适老版 长者模式 语音播报 朗读 我要评论 评论 举报 回复 加大 缩小 放大 正常 稍大 更大 默认 放大字体 缩小字体 "
        "复制链接 只看该作者 倒序浏览 微信 微博 新浪微博 腾讯微博 QQ空间 人人网 更多 上一页 下一页"
    )
    + r"|TOP|Top|print|close|share"
)
_STAMP = r"\d{4}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?(?:[ \u00a0\u3000T]*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?"
_PUT_UP = re.compile(rf"(?=.*\d[:：]\d){_STAMP}(?:\s+[^\s，：:]{{2,15}})?")
"""The minute a page was put up, also with its source. A date without a time may be that of a signature."""
_TOKEN = re.compile(
    rf"(?P<long>(?:{_LONG})[ \u00a0\u3000]*[：:\]】])|(?<![一-鿿])(?P<short>(?:{_SHORT})[ \u00a0\u3000]*[：:\]】])"
    rf"|(?P<count>(?:{_COUNTS})[ \u00a0\u3000]*[：:])|(?P<look>(?:{_LOOKS})[ \u00a0\u3000]*[：:])"
    rf"|(?:(?<![一-鿿])|(?<=[大中小]))(?P<doing>{_DOINGS})(?![一-鿿])"
)
_LABEL = re.compile(rf"[\[【]?\s*(?:(?:{_LONG})\s*[】\]：:]*|(?:{_SHORT})\s*[】\]：:]+)")
_LONG_LABEL = re.compile(rf"[\[【]?\s*(?:{_LONG})\s*[】\]：:]*")
_ANY_LABEL = re.compile(rf"[\[【]?\s*(?:{_LONG}|{_SHORT})\s*[】\]：:]*")
_BETWEEN = re.compile(r"[\s|｜/、,，;；·•>»＞\-—_\[\]【】〖〗（）()〔〕「」『』<＜«：:A＋+＝=*]*")
_LEAD = re.compile(rf"(?:[\[【（(][^\]】）)：:]{{1,12}}[\]】）)])?{_BETWEEN.pattern}{_STAMP}{_BETWEEN.pattern}")
_COUNT = re.compile(r"[\s\[\]【】（）()|]*+(?:\d[\d,]*+)?\s*+(?:万|千)?\s*+(?:次|人次|人|℃)?[\s\[\]【】（）()|]*")
_LOOK = re.compile(
    r"(?>[\s\[\]【】（）()|、/：:,]|特?大号?|超大|中号?|小号?|默认|正常|标准|稍大|更大|T|A[+-]?|[＋+-]|\d{1,2}|微信|微博|更多|QQ空间)*+"
)
_SENTENCE = re.compile(r"[。！？]")
_MOST = 400
_VALUE = 160

_STRONG = re.compile(
    r"""(?x)
    [\s>»【\[]*[您你]?(?:当前|现在|目前|所在|所处|的)*的?位置(?:是|为)?\s*[：:].*
    | (?:首页|主页|网站首页)\s*+(?=[>»＞/→-])(?:(?:[>»＞/→-]++\s*+)++[^\s>»＞/→-]{1,20}+\s*+){0,16}+(?:[>»＞/→-](?:\s*+[>»＞/→-]++)++\s*+)?
    | [【\[]?\s*+(?:上|下|前|后)一?(?:篇|条|则)(?:文章|新闻|信息)?\s*+[】\]]?\s*+[：:].*
    | .{0,60}(?:浏览|阅读|访问|点击)(?:次数|量|数)\s*+[：:]?\s*+[\d,]*+\s*+次?
    | (?:用?手机|微信|请)?(?:扫一扫|扫码|扫描(?:下方|上方|左侧|右侧)?二维码).{0,40}
    | .{0,80}(?:ICP备|ICP证|公网安备|网安备|网站标识码|[Cc]opyright|COPYRIGHT|版权所有|All\s+Rights\s+Reserved).{0,160}
    | (?:你|您)?是?(?:本站)?第\s*\d+\s*位?(?:来)?(?:访问?者|访客).{0,20} | 建议使用.{0,12}分辨率.{0,60}
    | (?:[<]?!?-{2,}+)?+\s*+[\w一-鿿 ]{0,20}(?:begin|end|start|开始|结束)?\s*+-{2,}+> | -{2,}+> | [<]?!?-{4,}+>
    | Skip\ to\ content | Permalink | Fetching\ contributors… | Cannot\ retrieve\ contributors\ at\ this\ time\.?
    | You\ can't\ perform\ that\ action\ at\ this\ time\.? | Latest\ commit.* | \d+\ contributors? | (?:(?!\(\d+\ sloc\)).)*+\(\d+\ sloc\).*
    | Sorry,\ (?:something\ went\ wrong|we\ cannot\ display|this\ file\ is\ invalid).*
    | You\ signed\ (?:in|out)\ (?:with|in)\ another.* | Reload\ to\ refresh.* | Jump\ to\ .* | Go\ to\ file
    | 本词条.{0,20}(?:名片图|概述图|信息栏|相关内容).* | (?:播报|编辑|锁定|讨论|上传视频|\s)+ | 词条标签\s*+[：:]?.* | 词条统计.*
    | (?:浏览次数|编辑次数|最近更新|创建者|突出贡献榜)\s*[：:].* | 科普中国.{0,40} | 本词条由.{0,60}(?:审核|认证).*
    | 展开全部 | 收起 | 查看(?:我的)?(?:收藏|更多|详情) | (?:有用\+?1|已投票|\s)+ | 以上内容由.{0,20}提供 | 阅读(?:全文|原文)
    | .{0,12}下载本文档.* | 还剩\s*+(?:\d++\s*+)?页未读.* | (?:开通|加入|成为)\s*(?:文库)?VIP.* | 文档贡献者.* | 格式：\s*(?:DOCX?|PDF|TXT).*
    | 只看楼主.* | (?:收起)?回复\(?\d*\)? | (?:楼主|沙发|板凳|\d+\s*[楼#])$ | 来自.{0,12}客户端.* | 送TA礼物 | (?:回复\s*)?举报\s*\|?
    | 本版积分规则.* | 发表于.{0,60} | 本帖最后由.{0,60}编辑 | 您需要\s*登录.*
    | 赞\s*\(?\d*\)? | 分享到?\s*+(?:[：:]\s*+)?\d* | (?:第\s*\[?\d+\]?\s*页\s*)+ | \d+\s*/\s*\d+\s*页.{0,10}
    """
)
_SITE = re.compile(
    r"本网页|本页面|本网站|本站(?!点)|本网(?!络)|浏览器|分辨率|鼠标|登录(?:实名|账户|账号)|您(?:可|需要?)(?:以)?(?:登录|注册)|马上注册|网站地图|网站帮助|联系我们|免责声明"
    r"|欢迎(?:您)?(?:访问|关注|使用|光临)|技术支持\s*[：:]|网站管理|维护单位|设为首页|加入收藏|今天是\s*[：:]|转载.{0,20}(?:注明|内容|请)|版权所有|ICP备"
)
_HOSTED = re.compile(r"^(?:网站)?(?:主办|承办|协办)(?:单位)?\s*[：:]")
_HEADING = re.compile(
    r"[\s■◆●▪>【\[]*(?:相关|热点|热门|延伸|推荐|最新|猜你喜欢|更多)(?:的)?(?:文档|文章|链接|解读|阅读|稿件|新闻|信息|资讯|搜索(?:热词)?|报道|内容|推荐|专题|导读|评论|搜索)"
    r"[】\]]?\s*(?:[：:].{0,80})?(?:更多)?|(?:网友|最新|发表|我要|用户)评论.{0,10}|热词\s*[：:]?|友情链接.{0,10}|猜你喜欢|参考资料[：:]?|TAGS?\s*[：:].*"
)
_END = re.compile(r"[上下]一?[篇条]|ICP|版权|[Cc]opyright|COPYRIGHT")
_BROKEN = re.compile(r"^\s*(?:<?!?-{2,})?[\w一-鿿 ]{0,20}(?:begin|end|start)\s*-{2,}>\s*(?=\S)", re.I)


def pieces(text: str) -> list[Piece] | None:
    """The pieces of a line that is only particulars and residue, in order; None for any other line."""
    text = text.strip()
    if not text or len(text) > _MOST or _SENTENCE.search(text):
        return None
    if _PUT_UP.fullmatch(text):
        return [Piece(text, True)]
    tokens = list(_TOKEN.finditer(text))
    out: list[Piece] = []
    if not tokens:
        return None
    lead = text[: tokens[0].start()]
    if not _BETWEEN.fullmatch(lead):
        if not _LEAD.fullmatch(lead):
            return None
        out.append(Piece(lead.strip(), True))
        lead = ""
    residue = lead
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        value = text[token.end() : following.start() if following else len(text)]
        if token["long"] or token["short"]:
            opened, closed = (
                re.search(r"(?<![\s|｜,，;；\[【〖（(])[\s|｜,，;；\[【〖（(]++$", value),
                re.match(r"[\s：:]+", value),
            )
            after = opened[0] if opened and following else ""
            inner = value[closed.end() if closed else 0 : len(value) - len(after)].strip()
            if len(inner) > _VALUE:
                return None
            label = re.sub(r"\s", "", token[0]).rstrip("：:】]")
            if re.search(r"\w", inner):
                if residue.strip():
                    out.append(Piece(residue.strip(), False))
                out.append(Piece(f"{label}：{inner}", True))
                residue = after
            else:
                residue += token[0] + value
            continue
        fits = (
            _COUNT
            if token["count"] and _COUNT.fullmatch(value)
            else _LOOK
            if token["look"] or token["count"]
            else _BETWEEN
        )
        if not fits.fullmatch(value):
            return None
        residue += token[0] + value
    if residue.strip():
        out.append(Piece(residue.strip(), False))
    return [piece for piece in out if re.search(r"\w", piece.text)]


def row_pieces(cells: Sequence[str]) -> list[Piece] | None:
    """The pieces of a table row that is only particulars and residue: cells with `label：value`, or a label and then
    its value in the next; None for any other row."""
    out: list[Piece] = []
    filled = [(i, cell.strip()) for i, cell in enumerate(cells) if cell.strip()]
    labelled = _LABEL if not any(_LONG_LABEL.fullmatch(cell) for _, cell in filled) else _ANY_LABEL
    n = 0
    while n < len(filled):
        i, cell = filled[n]
        n += 1
        if labelled.fullmatch(cell):
            label = re.sub(r"[\s【】\[\]：:]", "", cell)
            value = filled[n][1] if n < len(filled) and filled[n][0] == i + 1 else ""
            if value and not labelled.fullmatch(value):
                if len(value) > _VALUE:
                    return None
                out.append(Piece(f"{label}：{value}", True))
                n += 1
                while n < len(filled) and filled[n] == (filled[n - 1][0] + 1, value):
                    n += 1  # a value that spans several columns stands in each of them
            else:
                out.append(Piece(cell, False))
        elif (inner := pieces(cell)) is not None:
            out += inner
        elif _STRONG.fullmatch(cell):
            out.append(Piece(cell, False))
        else:
            return None
    return out or None


def is_residue(text: str) -> bool:
    """Whether a line is nothing but residue of the page: breadcrumbs, actions, view counts, footers, broken comments."""
    text = text.strip()
    found = pieces(text)
    if found is not None:
        return not any(piece.particular for piece in found)
    return _STRONG.fullmatch(text) is not None


def is_of_the_site(text: str) -> bool:
    """Whether a line speaks of the web site and not of the matter: 如果您在本页面发现错误，请先用鼠标选择…."""
    return len(text) <= 300 and _SITE.search(text) is not None


def names_the_host(text: str) -> bool:
    """Whether a line names who runs a site; the same words may name who holds an event."""
    return _HOSTED.match(text.strip()) is not None


def ends_the_text(text: str) -> bool:
    """Whether a line begins what a page prints after its text: 相关新闻, 上一篇：…, 版权所有."""
    text = text.strip()
    return bool(_HEADING.fullmatch(text)) or (_STRONG.fullmatch(text) is not None and ends_the_page(text))


def ends_the_page(text: str) -> bool:
    """Whether residue is of those kinds that stand at the end of a page."""
    return _END.search(text) is not None


def broken_comment(text: str) -> str:
    """What a broken comment left at the start of a line (正文begin-->), "" for nothing."""
    match = _BROKEN.match(text)
    return match[0] if match else ""
