// The words of the desk's work: the building that burns, phrases by kind, keys and why one does nothing now.
export default {
  premises: {
    title: '楼内情况', reading: '正在读取……', retry: '重试', no_site: '这台设备没有登记机构，列不出人员和探测器，请电话问清。',
    people_failed: '在住名单没有读出来，请电话问现场。', detectors_failed: '探测器列表没有读出来。',
    nobody: '名册里没有登记住在这里的老人，请电话问清现场有几个人。', people_n: '在册 {n} 人', carry_n: '不能行走 {n} 人', help_n: '须人协助 {n} 人', floor_n: '着火楼层 {n} 人',
    carry: '不能行走', help: '须协助', no_room: '房间不详', near_here: '同一区域', near_floor: '同楼层', near_above: '上一层',
    all_people: '全部 {n} 人', all_detectors: '全部 {n} 台', fewer: '收起',
    no_detectors: '名册里没有登记这里的探测器。', detectors_n: '探测器 {n} 台', no_zone: '区域不详', this: '本告警', heard: '{ago}有联系',
    state_alarming: '报警', state_silent: '失联', state_unheard: '从未联系', state_low_battery: '电量低', state_heard: '在线',
  },
  close: {
    for_example: '例如：{words}', by_phrase: '结果按常用语建议，请核对；可用 1–4 改。',
    fire: {
      cooking: '现场查看无火情，烹饪油烟引起', smoking: '现场查看无火情，吸烟引起', dust: '现场查看无火情，施工灰尘或水汽引起，已复位',
      broken: '现场查看无火情，探测器故障，已报修', drill: '消防演练', real: '真实火情，已报 119，人员已撤离并清点',
    },
    gas: {
      shut: '已关阀、开窗通风，人员平安', leak: '查到漏点，燃气公司已处理', burning: '烧煤取暖引起，已通风，人员平安', hospital: '有人不适，已送医',
      false: '现场测量浓度正常，探测器误报', test: '检修测试',
    },
    sos: {
      helped: '护理员已到场，老人平安', slip: '老人误按，已核实本人平安', chat: '老人无急事，想找人说话，已安抚', hospital: '已送医，家属已知情', test: '设备测试',
    },
    fall: {
      unhurt: '跌倒无外伤，机构继续观察', hurt: '跌倒受伤，机构已处置，家属已知情', hospital: '已送医，家属已知情', false: '没有跌倒，手环磕碰引起，已见到本人', test: '设备测试',
    },
    no_motion: {
      asleep: '老人在休息，已见到本人', out: '老人外出，已电话联系上', unwell: '老人不适，护理员已照料', hospital: '已送医，家属已知情', test: '设备测试',
    },
    fence_left: {
      found: '老人已找到并平安送回', escorted: '家属陪同外出，已核实', leave: '已请假外出，围栏未调整', drift: '人在院内，定位漂移', police: '已报 110，移交处理',
    },
    fence_entered: {
      led_away: '已带离危险区，人平安', escorted: '有人陪同经过，已核实', drift: '人不在危险区，定位漂移', police: '已报 110，移交处理',
    },
    strap_off: {
      worn_again: '腕带已重新佩戴，人在院内', bath: '洗澡或换药摘下，已重新佩戴', replaced: '扣带损坏，已更换', false: '腕带没有脱落，已见到本人',
    },
    position_lost: { seen: '人在室内无信号，已见到本人', found: '老人已找到并平安送回', replaced: '手环故障，已更换' },
    low_battery: { charged: '已充电', replaced: '已更换电池', spare: '已换备用手环', aged: '电池老化，已报修' },
    not_worn: { worn_again: '已重新佩戴', away: '老人住院或请假外出，手环留在机构', charging: '充电后忘记佩戴，已戴好', refuses: '老人不愿佩戴，已告知家属，机构加强巡视' },
    contact: { restored: '停电或断网，已恢复', repaired: '现场已处理，恢复正常', reported: '已报修', retired: '设备已停用，名册已登记', test: '检修测试' },
    tamper: { service: '检修拆动，已复位', refixed: '被碰动移位，已重新装好', removed: '有人拆下，已装回并告知', false: '设备完好，误报' },
    water: { stopped: '漏水已止住，已通知维修', restored: '水压已恢复', trial: '放水试验', false: '现场无异常，误报', reported: '已报修' },
    electrical: { fixed: '电工已到场，隐患已排除', cut: '已断电，等待电工检修', start: '大功率设备启动引起，已复测正常', test: '检修测试' },
    device: { repaired: '现场已处理，恢复正常', reported: '已报修', false: '设备完好，误报', test: '检修测试' },
  },
  shelve: {
    longest_person: '此类告警最长搁置 30 分钟。',
    warning: '此人可能正在外面，或需要救助。到 {time} 之前，这条告警再次发生也不响铃，不会通知任何人。确有人在他身边，才可以搁置。',
    fence_left: { carer: '护理员已陪在身边，正在带回', family: '家属陪同外出，已电话核实', doctor: '外出就医，护理员随行' },
    fence_entered: { carer: '护理员已陪在身边，正在带离', works: '工作人员陪同通过' },
    strap_off: { bath: '洗澡或换药暂时摘下，护理员在旁', going: '护理员正去重新佩戴', replacing: '扣带损坏，正在更换，有人看护' },
    position_lost: { seen: '护理员已见到本人，室内无信号', family: '家属陪同外出，已电话核实' },
    no_motion: { asleep: '护理员已见到本人，正在休息', family: '家属陪同外出，已电话核实' },
    low_battery: { charging: '充电中', ordered: '已安排更换电池', spare: '已换备用，旧设备待充电' },
    not_worn: { away: '老人住院或请假外出', charging: '充电中', skin: '皮肤不适暂停佩戴，机构加强巡视' },
    contact: { power: '停电或断网，运营商处理中', reported: '已报修，等待维修', away: '老人住院或请假外出', retired: '设备停用，等待拆除' },
    device: { service: '设备检修中', reported: '已报修，等待维修', works: '施工期间，现场有人值守', parts: '等待配件' },
  },
  next: { one: '下一条：{what}', waits: '已等 {d}', none: '没有其他未接警的告警。' },
  why: {
    open_first: '先选一条告警（J、K），再按此键', ended: '告警已结束', taken: '已接警', taken_by: '{name} 已接警', group_taken: '整组都已接警', never_shelved: '{kind}告警不可搁置',
    shelved: '已搁置至 {time}', undo_none: '还没有接警，无可撤销', undo_late: '接警已超过 60 秒，不能撤销', mine: '已由您处理', no_step: '没有第 {n} 步', step_done: '第 {n} 步已勾选',
    not_group: '这一行没有可展开或收起的', top: '已是第一条', bottom: '已是最后一条', empty: '列表是空的', no_filter: '没有筛选条件', no_next: '没有未接警的告警',
    quiet: '现在没有响铃', not_started: '声音未启用，请先点“开始值班”', fire: '火警不能静音，接警后停；其余告警静音 60 秒',
    pages: '换页：再按 Q 告警队列 · M 地图 · T 轨迹 · R 名册 · S 值班统计',
  },
  sound: { mute_rest: '静音其余 60 秒 · 火警不静', fire_rings: '火警不静音：正在响铃', fire_rest_muted: '火警照响，其余静音 {n} 秒' },
  strip: { waits: '紧急待接警', more: '另有 {n} 条' },
  group: { n: '{n} 条' },
  keys: {
    next: '下一条', previous: '上一条', first: '第一条', last: '最后一条', open: '打开详情；展开或收起', fold: '展开或收起同一起因', unfold: '展开', shut: '收起', waiting: '下一条未接警的告警',
    acknowledge: '接警（停在合并行时：整组接警）', undo: '撤销接警（60 秒内；同事的先询问）', take: '由我处理', assign: '指派给……', close: '结束告警', shelve: '搁置', note: '写备注（Ctrl+Enter 提交）',
    tick: '勾选第 1 至 9 步处置步骤', phone: '到联系电话', leave: '关闭详情或窗口', view: '下一个列表（待处置、维护、搁置、屏蔽）', search: '搜索', filters: '展开或收起更多筛选', clear: '清除筛选',
    mute: '静音 60 秒（火警不静音）', pages: '换页：再按 Q 队列、M 地图、T 轨迹、R 名册、S 值班统计', heard: '值班准备：四种声音都听清了', help: '显示本帮助',
    play: '播放或暂停', step: '上一个、下一个定位点', speed: '加快、减慢', alarms: '下一个、上一个告警', ends: '当天第一个、最后一个定位点', days: '前一天、后一天',
    find: '搜索', add: '新建', edit: '修改', import: '批量导入', walk: '下一条、上一条', back: '关闭详情',
    group_list: '列表', group_alarm: '当前告警', group_page: '所有页面', group_track: '轨迹回放', group_roster: '名册',
  },
}
