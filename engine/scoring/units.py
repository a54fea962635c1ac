"""Units of measure: what each is called, and what it measures."""

_UNITS = {
    "length": "km kilometer kilometre 公里 千米|m meter metre 米|cm centimeter centimetre 厘米|"
    "mm millimeter millimetre 毫米|mile 英里|foot feet ft 英尺|inch inche|yard|里",
    "mass": "kg kilo kilogram kilogramme 公斤 千克|g gram gramme 克|ton tonne 吨|斤|ounce oz",
    "money": "€ eur euro 欧元|$ usd dollar 美元|pound £ gbp quid lb 英镑 镑|"
    "¥ cny rmb yuan 元 块 块钱 人民币|cent|pence p|yen 日元",
    "span": "second sec 秒 秒钟|minute min 分钟|hour hr h 小时 钟头|day 天|week 星期 周|month 个月|"
    "year yr 年|decade",
    "heat": "°c c celsius 摄氏度|°f f fahrenheit|degree ° 度",
    "volume": "litre liter l 升|ml millilitre milliliter 毫升|gallon|pint",
    "share": "% percent per_cent",
}
UNIT_OF = {
    name.replace("_", " "): group.split()[0]
    for groups in _UNITS.values()
    for group in groups.split("|")
    for name in group.split()
}
DIMENSION = {
    group.split()[0]: dimension
    for dimension, groups in _UNITS.items()
    for group in groups.split("|")
}
