"""Owns the Chinese words of alarms on the server's side: in the demo's terminal and in exported sheets."""

from __future__ import annotations

from typing import Final

PRIORITY_WORDS: Final = {"urgent": "紧急", "high": "重要", "low": "一般"}
KIND_WORDS: Final = {
    "sos": "呼救", "fall": "跌倒", "smoke": "烟雾", "heat": "高温", "co": "一氧化碳", "gas": "燃气",
    "manual_call": "手动报警", "fence_left": "离开安全区", "fence_entered": "进入危险区",
    "fire_confirmed": "确认火警", "strap_off": "腕带脱落", "electrical": "电气火灾隐患",
    "water_flow": "喷淋动作", "water_pressure_low": "水压过低", "no_motion": "长时间无活动",
    "water_leak": "漏水", "site_contact_lost": "机构失联", "position_lost": "位置丢失",
    "unreadable": "报文无法解读", "tamper": "防拆", "low_battery": "电量低", "not_worn": "未佩戴",
    "contact_lost": "设备失联", "data_gap": "数据缺失", "fault": "设备故障",
}  # fmt: skip
STATE_WORDS: Final = {
    "active_unacknowledged": "未接警", "active_acknowledged": "已接警",
    "cleared_unacknowledged": "已恢复，未接警", "normal": "已结束",
}  # fmt: skip
OUTCOME_WORDS: Final = {"real": "真实事件", "false": "误报", "test": "测试", "other": "其他"}
DEVICE_WORDS: Final = {
    "wristband": "手环", "fire_sensor": "消防探测器", "home_sensor": "居家传感器",
}  # fmt: skip
