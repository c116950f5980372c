// The words that a night at the desk asked for: the silence of the city, what colleagues do to one's alarms, outings.
export default {
  open: '打开',
  back: '现已在围栏内（定位于 {d}前，精度 {acc}）',
  band: {
    locate: '立即定位', buzz: '呼叫手环（响铃）', often: '每 15 秒定位', refused: '没有发出：{detail}',
    type: { locate: '定位', buzz: '响铃', report_every: '改定位间隔', call: '回拨', resend: '补传' },
    state: { queued: '等待手环上线', sent: '已发出，等手环回应', done: '手环已执行', failed: '手环没有做成', expired: '手环没有回应，已过期' },
  },
  print: { now: '交班时', end: '班末', with_shelved: '{title}，其中搁置 {n} 条见第三节' },
  wall: { flood: '告警洪峰：近 10 分钟 {n} 条', longest: '等得最久：{what}，已等 {d}', fire: '{n} 条 · 同一起火警', more: '{n} 条' },
  late: { late: '超过 60 秒', very_late: '超过 180 秒' },
  head: { settings: '语言与外观', short: '设置', fire: '火警响铃中', rest: '静音其余 60 秒' },
  unreadable: { words: '收到无法解读的报文', payload: '报文开头', gone: '报文原文已不再保存' },
  shelve: { ends: '{d}后，到 {time} 自动恢复' },
  mine: { badge: '指派给我 {n}', waits: '已等 {d} · {name}', waits_title: '已等 {d}，由 {name} 处理' },
  out: {
    chip: '外出', chip_title: '批准外出至 {time}', chip_over: '批准外出 {time} 到期', escort: '陪同人', no_phone: '没有登记电话', none: '没有登记陪同人',
    step: '联系陪同人：{who}', step_hint: '问清人在不在身边、要不要人去接；不接或不在一起，按下面的步骤办。', far: '距{name} {d}', maybe_there: '距{name} {d}，在误差之内，人可能仍在机构',
  },
  step: { undo: '撤销 {n}s', undo_of: '撤销第 {i} 步的勾选，还剩 {n} 秒', undone: '撤销步骤', again: '第 {n} 步已勾选；再按一次撤销', text: '撤销步骤：{text}' },
  group: { at: '本组第 {at} 条，共 {n} 条', ack: '整组接警（{n}）' },
  notice: {
    region: '同事的操作', assigned: '{name} 于 {time} 指派给您：{what}', taken_back: '{name} 于 {time} 撤销了您的接警，又在等待：{what}', more: '另有 {n} 条',
  },
  undo: {
    title: '撤销同事的接警', ask: '{name} 于 {time} 接警，可能正在处理。确定撤销吗？', means: '撤销后重新响铃等待接警，对方会收到提示。', keep: '保留接警', take: '撤销 {name} 的接警',
    left: '撤销 {name} 的接警 {n} s',
  },
  outage: {
    region: '大面积失联', city: '全市', name: '{zone}失联', on: '{name}：{n} 台设备无信号，自 {time}', means: '这些设备此刻报不了警，请电话巡查。',
    over: '{name}已恢复（{from} 至 {to}）', left: '仍有 {n} 台设备没有信号', row: '{n} 台设备无信号', row_over: '已恢复，牵连 {n} 条',
  },
}
