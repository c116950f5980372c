// The words that a night at the desk asked for: the silence of the city, what colleagues do to one's alarms, outings.
export default {
  open: '打开',
  outage: {
    region: '大面积失联', city: '全市', name: '{zone}失联', on: '{name}：{n} 台设备无信号，自 {time}', means: '这些设备此刻报不了警，请电话巡查。',
    over: '{name}已恢复（{from} 至 {to}）', left: '仍有 {n} 台设备没有信号', row: '{n} 台设备无信号', row_over: '已恢复，牵连 {n} 条',
  },
}
