"""A fine is no answer to what is paid out or charged, nor a grant to what is fined."""

from __future__ import annotations

from reading import best, read

FINE = "第一条 经营者超出范围经营的，由主管部门处五千元以上五万元以下罚款。"
GRANT = "第一条 对年度考核合格的经营者给予20万元奖励。"


def test_a_fine_is_not_paid_out() -> None:
    assert not any("五千元" in c.text and c.found for c in read(FINE, "经营者能拿多少补贴？"))


def test_a_grant_is_no_fine() -> None:
    assert not any("20万元" in c.text and c.found for c in read(GRANT, "经营者超范围经营罚多少？"))


def test_what_is_asked_for_is_given() -> None:
    assert best(FINE, "经营者超出范围经营罚多少钱？") == "五千元以上五万元以下"
    assert best(GRANT, "考核合格的经营者奖励多少？") == "20万元"


def test_where_the_question_leaves_it_open_the_fine_stays() -> None:
    assert best(FINE, "经营者超出范围经营多少钱？") == "五千元以上五万元以下"


def test_money_is_no_count_and_no_share_of_votes() -> None:
    text = "第一条 四层以上的住宅加装电梯，应当经三分之二以上的业主同意。"
    assert not any(c.found for c in read(text, "住宅加装电梯补贴多少钱，分几次给？"))
    assert best("第一条 住宅加装电梯的，按照费用的30%给予补助。", "住宅加装电梯补贴多少钱？") == "30%"


def test_small_change_is_no_fortune() -> None:
    text = "第一条 对示范线路给予100万元补助，每人次另补0.5元。"
    assert best(text, "坐一次公交政府补几毛钱？") == "0.5元"
