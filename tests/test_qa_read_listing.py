"""Several things: items of a clause, members inside a sentence, the share of one place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import best

ITEMS = "第七条 申报企业应当提交下列材料：\n\n（一）资金申请表；\n\n（二）营业执照复印件；\n\n（三）信用承诺书。"
NOUNS = ["管理制度", "安全制度", "承诺制度", "公示制度", "培训制度", "档案制度"]


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (ITEMS, "申报企业要提交哪些材料？", "资金申请表；营业执照复印件；信用承诺书"),
        (
            "监督检查采取听取汇报、查阅台账、问卷调查等方式进行，并可邀请人大代表、政协委员参加。",
            "监督检查通过哪些形式进行？",
            "听取汇报、查阅台账、问卷调查",
        ),
        (
            "会议审议《公交换乘方案》和《养老服务规定》，听取水务、气象情况汇报。",
            "会议审议了哪两份文件？",
            "公交换乘方案",
        ),
        ("强化数据共享利用中的个人隐私、商业秘密保护。", "数据共享利用时保护哪两类信息？", "个人隐私、商业秘密"),
        (
            "将一个行业准入涉及的多张许可证整合为一张。将食品经营许可证、药品经营许可证合并为一张。",
            "哪几张许可证合并为一张？",
            "食品经营许可证、药品经营许可证",
        ),
    ],
)
def test_list(text: str, question: str, answer: str) -> None:
    assert answer in best(text, question)


def test_an_item_that_answers_by_itself_is_not_the_whole_list() -> None:
    text = "第三条 送气人员应当遵守下列规定：\n\n（一）随身携带配送单，配送单注明送气对象、送气地址、气瓶编号等事项；\n\n（二）按照约定时间送达，并提交正式票据。"
    said = best(text, "配送单应当注明哪些事项？")
    assert "送气地址" in said and "票据" not in said


@settings(max_examples=25)
@given(st.lists(st.sampled_from(NOUNS), min_size=2, max_size=5, unique=True), st.sampled_from("、和及"))
def test_every_member_is_given(members: list[str], last: str) -> None:
    text = f"出租汽车企业应当建立{'、'.join(members[:-1])}{last}{members[-1]}。"
    said = best(text, "出租汽车企业应当建立哪些制度？")
    assert all(member in said for member in members), text


@pytest.mark.parametrize(
    ("place", "answer"), [("甲山市", "集成电路和新材料"), ("乙水县", "现代农业"), ("丙湖区", "数字创意")]
)
def test_each_place_has_its_share(place: str, answer: str) -> None:
    text = "推动甲山市在集成电路和新材料、乙水县在现代农业、丙湖区在数字创意等方面形成特色。"
    text = text.removeprefix("推动")
    assert best(text, f"{place}有哪些特色产业？").startswith(answer)


def test_items_that_lost_their_numbers() -> None:
    text = (
        "第十二条 绿道建设主要包括以下内容：\n\n绿廊系统；\n\n道路系统；\n\n标识系统。\n\n第十三条 绿道由市政府管理。"
    )
    assert best(text, "绿道建设主要包括哪些内容？") == "绿廊系统；道路系统；标识系统"


def test_titles_stay_whole() -> None:
    text = "25日 市政府召开常务会议，审议《关于支持片区发展的工作意见》和《公交和轨道换乘优惠方案》。"
    assert best(text, "常务会议审议的是哪两份文件？") == "《关于支持片区发展的工作意见》、《公交和轨道换乘优惠方案》"


def test_what_is_denied_is_not_what_is_allowed() -> None:
    text = (
        "第一条 创新券用于购买检测服务、设计服务、培训服务。\n\n第二条 创新券不得用于支付商标服务、审计服务、认证服务。"
    )
    assert best(text, "创新券不得用于支付哪些服务？") == "商标服务、审计服务、认证服务"


def test_conditions_that_are_listed() -> None:
    text = "第六条 申请经营的，应当符合下列条件：\n\n（一）取得法人资格；\n\n（二）有安全管理制度。"
    assert best(text, "申请经营应当符合什么条件？") == "取得法人资格；有安全管理制度"
