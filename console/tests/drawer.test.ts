import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { ageOf } from '../src/logic/age'
import { KINDS } from '../src/logic/alarm'
import { parseProcedure, procedureOf, tickedStep, tickText, withoutMark } from '../src/logic/sop'
import { actedSince, entryInWords, entryWithText, isHarmlessSince } from '../src/logic/timeline'
import { becauseInWords } from '../src/logic/words'
import { alarm, NOW, withTimeline, words } from './making'

describe('why, in words', () => {
  const say = (because: Record<string, unknown>, messages: object = zh) => becauseInWords(because, words(messages), NOW)
  it('tells a fence as an operator would', () => {
    const because = { rule: 'fence', margin_m: -85.2, acc_m: 12, src: 'gnss', witnesses: 2, for_ms: 120_000 }
    expect(say(because)).toBe('在围栏外 85 m，卫星定位，精度 12 m，2 个定位点，持续 2 分钟')
    expect(say(because, en)).toBe('85 m outside the fence, satellite fix, accuracy 12 m, 2 fixes, for 2 min')
  })
  it('has a sentence for every rule of the core, without a hole', () => {
    const rules: [Record<string, unknown>, string][] = [
      [{ rule: 'device', kinds: ['sos', 'fall'] }, '设备上报：呼救、跌倒'],
      [{ rule: 'device', kinds: ['sos'], on: false, late: true }, '设备上报已解除：呼救，补传的旧消息'],
      [{ rule: 'limit', field: 'bat', value: 9, limit: 15, on_delay_s: 60 }, '电量 9 %，低于下限 15 %，已持续 60 秒以上'],
      [{ rule: 'limit', field: 'smoke', value: 7, limit: 5, on_delay_s: 0 }, '烟雾浓度 7 %/m，高于上限 5 %/m'],
      [{ rule: 'contact', last_contact_ms: NOW - 1_200_000, every_ms: 300_000 }, '已 20 分钟没有信号，应每 5 分钟报到一次'],
      [{ rule: 'contact', silent_ms: 5000 }, '沉默 5 秒后恢复联系'],
      [{ rule: 'contact' }, '没有信号'],
      [{ rule: 'worn', worn: false, on_delay_s: 600 }, '手环未佩戴，已持续 10 分钟以上'],
      [{ rule: 'worn', worn: true }, '手环已重新佩戴'],
      [{ rule: 'faults', faults: ['tamper'] }, '设备自检故障：tamper'], [{ rule: 'faults', faults: [] }, '设备自检正常'],
      [{ rule: 'fence' }, '围栏判定'], [{ rule: 'fence', edited: true }, '围栏已修改'], [{ rule: 'fence', in_force: false }, '围栏此刻不生效'],
      [{ rule: 'fence', margin_m: 3, acc_m: null, src: 'unknown', witnesses: 0, for_ms: 0, in_force: false }, '在围栏内、距边界 3 m，定位来源不明，精度未知，围栏此刻不生效'],
      [{ rule: 'fence', margin_m: -92.4, acc_m: 8, src: 'gnss', witnesses: 2, for_ms: 61_000, speed_mps: 1.1, p_outside: 0.9966 },
        '在围栏外 92 m，卫星定位，精度 8 m，2 个定位点，持续 61 秒，步速 1.1 m/s，在围栏外的把握 99.6%'],
      [{ rule: 'fence', margin_m: 4, acc_m: 8, src: 'gnss', witnesses: 1, for_ms: 0, p_inside: 1, silent_ms: 180_000 },
        '在围栏内、距边界 4 m，卫星定位，精度 8 m，1 个定位点，此后 3 分钟没有定位，在危险区内的把握 99.9%'],
      [{ rule: 'fence', margin_m: -92.4, acc_m: 8, src: 'gnss', witnesses: 2, for_ms: 61_000, wander: { score: 0.8, parts: ['night', 'pacing', 'something new'] } },
        '在围栏外 92 m，卫星定位，精度 8 m，2 个定位点，持续 61 秒，夜间，来回走动'],
      [{ rule: 'fence', margin_m: -92.4, wander: { parts: 'odd' } }, '在围栏外 92 m，定位来源不明，精度未知'],
      [{ rule: 'readable_again' }, '报文恢复可读'], [{ rule: 'shelf_ended' }, '搁置到期'], [{ rule: 'removed_from_roster' }, '设备已从名册移除'],
      [{ rule: 'outage', silent: 12, devices: 20 }, '20 台常报设备中有 12 台没有信号'], [{ rule: 'chatter_over', raises: 5 }, '反复 5 次后已平稳'],
      [{ rule: 'position_lost', near: 'exit', fix_age_ms: 960_000, margin_m: 7.7, acc_m: 5, src: 'gnss', p: 0.02, contact_since_ms: NOW }, '有信号但已 16 分钟定不到位，最后出现在围栏边上，在围栏内、距边界 8 m，精度 5 m'],
      [{ rule: 'position_lost', near: 'doubt', fix_age_ms: 960_000, margin_m: -31, acc_m: null }, '有信号但已 16 分钟定不到位，最后可能已越界，在围栏外 31 m'],
      [{ rule: 'position_lost', found: true }, '又定到位了'], [{ rule: 'position_lost', found: false }, '手环已摘下，或已报离开安全区'],
      [{ rule: 'data_gap', missing: 3, first_seq: 4, last_seq: 6, boot: 1 }, '设备有 3 条消息一直没收到'],
      [{ rule: 'data_gap', missing: 0, filled: true }, '缺的消息已补齐'], [{ rule: 'data_gap', missing: 2, filled: false }, '缺的消息不再等待'],
    ]
    for (const [because, sentence] of rules) {
      expect(say(because)).toBe(sentence)
      expect(say(because, en)).not.toMatch(/undefined|\{|\}|NaN|null/)
    }
  })
  it('reads well where it knows nothing', () => {
    expect(say({})).toBe('没有说明原因')
    expect(say({ rule: 'site_silence', silent_devices: 12, of_devices: 40, held_ms: 300_000, radius_m: 1500, at_ms: NOW, sure: true, parts: [1, 2] }))
      .toBe('判定规则：site silence，silent devices 12，of devices 40，held 5 分钟，radius 1.5 km，sure，parts 1、2')
    expect(say({ rule: 'limit', field: 'radon', value: 7, limit: 5 })).toBe('radon 7，高于上限 5')
    expect(say({ rule: 'limit', field: 'bat', value: null, limit: 5 })).toBe('电量 ? %')
    expect(say({ rule: 'fence', margin_m: -5, acc_m: 9, src: 'lorawan' })).toBe('在围栏外 5 m，定位来源不明，精度 9 m')
    expect(say({ rule: 'contact', parent_alarm_id: 'A7' })).toBe('没有信号，由告警 A7 引起')
  })
})

describe('procedures', () => {
  const kinds = [...KINDS, 'a kind of tomorrow']
  it('exist for every kind in both languages, with the same steps', () => {
    for (const kind of kinds) {
      const [chinese, english] = [procedureOf(kind, 'zh-CN'), procedureOf(kind, 'en')]
      expect(chinese.steps.length, kind).toBeGreaterThanOrEqual(3)
      expect(chinese.steps.length, kind).toBeLessThanOrEqual(9)
      expect(chinese.steps.map(step => step.id), kind).toEqual(english.steps.map(step => step.id))
      expect(new Set(chinese.steps.map(step => step.id)).size).toBe(chinese.steps.length)
      expect([chinese.title, chinese.aim, english.title, english.aim].every(Boolean), kind).toBe(true)
      expect(JSON.stringify(english)).not.toMatch(/[\u4e00-\u9fff]/)
      expect(chinese.steps.map(step => !step.hint), kind).toEqual(english.steps.map(step => !step.hint))
    }
  })
  it('are read from tasks with hints below them', () => {
    expect(parseProcedure('# T\nAim\n\n- [ ] one: do it\n  softly\n- [ ] two: again\n- not a task\n')).toEqual({
      title: 'T', aim: 'Aim', steps: [{ id: 'one', text: 'do it', hint: 'softly' }, { id: 'two', text: 'again', hint: '' }],
    })
  })
  it('have steps that are known again from the timeline', () => {
    const text = tickText('call_site', '联系机构')
    expect(tickedStep(text)).toBe('call_site')
    expect(withoutMark(text)).toBe('联系机构')
    expect([tickedStep('just a remark'), tickedStep(null)]).toEqual([null, null])
  })
})

describe('who was faster', () => {
  const t = words(zh)
  const seen = alarm()
  const entry = (event: string, operator: string | null, more: object = {}) => ({ seq: seen.seq + 1000, at_ms: NOW, event, operator, text: null, because: {}, ...more })
  it('is who took it, not who remarked', () => {
    const now = withTimeline(seen, { ...entry('comment', 'li'), seq: seen.seq }, entry('comment', 'zhao', { text: 'x' }), entry('acknowledge', 'wang'), entry('reraise', null))
    expect(actedSince(seen, now).map(one => one.operator)).toEqual(['wang'])
    expect(actedSince(seen, withTimeline(seen, entry('comment', 'a', { text: '1' }), entry('comment', 'b', { text: '2' }))).map(one => one.operator)).toEqual(['b'])
    expect(actedSince(seen, withTimeline(seen, entry('reraise', null)))).toEqual([])
  })
  it('is told in words', () => {
    const close = entry('close', 'wang', { because: { outcome: 'false' }, text: '老人误按' })
    expect(entryInWords(close, t, String)).toBe('结束：误报')
    expect(entryWithText(close, t, String)).toBe('结束：误报（老人误按）')
    expect(entryInWords(entry('shelve', 'wang', { because: { until_ms: 5, reason: '检修' } }), t, String)).toBe('搁置至 5：检修')
    expect(entryInWords(entry('comment', 'wang', { text: tickText('call_site', 'x') }), t, String)).toBe('完成步骤')
    expect(entryInWords(entry('something_new', null), t, String)).toBe('something new')
    expect(entryInWords(entry('close', 'wang', { because: { outcome: 'new_one' } }), t, String)).toBe('结束：')
  })
  it('does not stop a remark, nor taking on what a device only raised again', () => {
    const again = withTimeline(seen, entry('reraise', null), entry('comment', 'wang', { text: 'x' }))
    expect(isHarmlessSince(seen, again, 'acknowledge')).toBe(true)
    expect(isHarmlessSince(seen, again, 'close')).toBe(false)
    expect(isHarmlessSince(seen, again, 'comment')).toBe(true)
    const taken = withTimeline({ ...seen, state: 'active_acknowledged' }, entry('acknowledge', 'wang'))
    expect(isHarmlessSince(seen, taken, 'acknowledge')).toBe(false)
    expect(isHarmlessSince(seen, taken, 'comment')).toBe(true)
    expect(isHarmlessSince(seen, withTimeline({ ...seen, state: 'normal' }, entry('close', 'wang')), 'comment')).toBe(false)
    expect(isHarmlessSince(seen, withTimeline(seen, entry('assign', 'wang')), 'acknowledge')).toBe(false)
  })
})

describe('age', () => {
  const at = Date.UTC(2027, 0, 15, 8)
  it('is of the day, or about of the year', () => {
    expect(ageOf('1940-01-15', at)).toEqual({ years: 87, about: false })
    expect(ageOf('1940-01-16', at)).toEqual({ years: 86, about: false })
    expect(ageOf('1940', at)).toEqual({ years: 87, about: true })
  })
  it('is of the city: its new year comes first', () => {
    expect(ageOf('1940-01-16', Date.UTC(2027, 0, 15, 16))).toEqual({ years: 87, about: false })
  })
  it('is not said where it cannot be', () => {
    for (const birth of [undefined, null, '', '40', 1940, '1940-1-5', '2099', '1800', 'x', {}]) expect(ageOf(birth, at)).toBeNull()
  })
})
