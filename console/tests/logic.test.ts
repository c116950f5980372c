import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { type Alarm, KINDS, mayShelve, mayUndo } from '../src/logic/alarm'
import { fits, fromQuery, NO_FILTER, toQuery, viewOf } from '../src/logic/filter'
import { fold } from '../src/logic/fold'
import { around, distanceM, reachM, ring, scaleM } from '../src/logic/geometry'
import { linkDangers } from '../src/logic/health'
import { muted, NO_MUTE, toneNow } from '../src/logic/mute'
import { compareAlarms } from '../src/logic/order'
import { stepsOf, tickedStep, tickText, withoutMark } from '../src/logic/sop'
import { dayBounds, dayOf, indexAt, type Point, speedMps, stretches } from '../src/logic/track'
import { becauseInWords, type Translate } from '../src/logic/words'

const NOW = 1_800_000_000_000
let seq = 0

function alarm(more: Partial<Alarm> = {}): Alarm {
  seq++
  return {
    alarm_id: `A${seq}`, version: 1, seq, subject_type: 'device', subject_id: 'W1', device_id: 'W1', site_id: 'S1',
    resident_id: null, kind: 'sos', fence_id: null, priority: 'urgent', state: 'active_unacknowledged', shelved: false,
    shelved_until_ms: null, suppressed: false, out_of_service: false, count: 1, assignee: null, because: {}, position: null,
    measured_at_ms: null, received_at_ms: null, raised_at_ms: NOW + seq, committed_at_ms: NOW, shown_at_ms: null,
    acknowledged_at_ms: null, cleared_at_ms: null, closed_at_ms: null, outcome: null, ...more,
  }
}

const words = (messages: object): Translate => (key, named = {}) => {
  const found = key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], messages)
  expect(found, key).toBeTypeOf('string')
  return String(found).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
}

describe('order', () => {
  it('puts priority first, then what nobody took, then the newest', () => {
    const low = alarm({ priority: 'low' })
    const taken = alarm({ state: 'active_acknowledged' })
    const older = alarm()
    const newer = alarm()
    const high = alarm({ priority: 'high' })
    expect([low, taken, older, newer, high].sort(compareAlarms)).toEqual([newer, older, taken, high, low])
  })
})

describe('fold', () => {
  const leak = () => alarm({ kind: 'water_leak', priority: 'high' })
  it('makes one row of one cause, which expands', () => {
    const list = [leak(), leak(), alarm({ kind: 'tamper', priority: 'high' })]
    expect(fold(list, new Set()).map(row => row.type)).toEqual(['group', 'alarm'])
    expect(fold(list, new Set(['S1/water_leak'])).map(row => row.type)).toEqual(['group', 'alarm', 'alarm', 'alarm'])
  })
  it('never folds an urgent alarm, nor one of no known site', () => {
    expect(fold([alarm(), alarm()], new Set())).toHaveLength(2)
    expect(fold([leak(), leak()].map(one => ({ ...one, site_id: null })), new Set())).toHaveLength(2)
  })
  it('keeps every alarm, whatever is folded', () => {
    const list = [leak(), alarm(), leak(), alarm({ kind: 'tamper', priority: 'high', site_id: 'S2' }), leak()]
    const counted = fold(list, new Set()).reduce((sum, row) => sum + (row.type === 'group' ? row.count : 1), 0)
    expect(counted).toBe(list.length)
  })
})

describe('filter', () => {
  it('survives the address', () => {
    const filter = { ...NO_FILTER, county: '安丘市', kind: 'sos', q: 'lbq' }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
    expect(toQuery(NO_FILTER)).toEqual({})
    expect(fromQuery({ view: 'nonsense', q: ['a'] })).toEqual(NO_FILTER)
  })
  it('puts every alarm in one view', () => {
    expect(viewOf(alarm())).toBe('queue')
    expect(viewOf(alarm({ priority: 'low' }))).toBe('maintenance')
    expect(viewOf(alarm({ shelved: true, suppressed: true }))).toBe('shelved')
    expect(viewOf(alarm({ out_of_service: true }))).toBe('suppressed')
  })
  it('narrows by county, state and words', () => {
    const county = () => '安丘市'
    const found = (_: Alarm, q: string) => q === 'x'
    expect(fits(alarm(), { ...NO_FILTER, county: '安丘市' }, county, found)).toBe(true)
    expect(fits(alarm(), { ...NO_FILTER, county: '奎文区' }, county, found)).toBe(false)
    expect(fits(alarm(), { ...NO_FILTER, state: 'acknowledged' }, county, found)).toBe(false)
    expect(fits(alarm(), { ...NO_FILTER, q: 'y' }, county, found)).toBe(false)
  })
})

describe('mute', () => {
  it('quiets what was heard, for a minute at most', () => {
    const heard = alarm()
    const mute = muted(NOW, heard.seq, 600_000)
    expect(toneNow([heard], NO_MUTE, NOW)).toBe('urgent')
    expect(toneNow([heard], mute, NOW + 59_000)).toBeNull()
    expect(toneNow([heard], mute, NOW + 60_000)).toBe('urgent')
  })
  it('never quiets fire, nor what is new', () => {
    const mute = muted(NOW, 1e9)
    expect(toneNow([alarm({ kind: 'smoke' })], mute, NOW)).toBe('fire')
    expect(toneNow([alarm()], muted(NOW, 0), NOW)).toBe('urgent')
  })
  it('is over when the clock was set back', () => {
    expect(toneNow([alarm()], muted(NOW, 1e9), NOW - 3_600_000)).toBe('urgent')
  })
  it('sounds for nothing low, taken or held back', () => {
    const quiet = [{ priority: 'low' }, { state: 'active_acknowledged' }, { shelved: true }, { suppressed: true }] as Partial<Alarm>[]
    expect(toneNow(quiet.map(alarm), NO_MUTE, NOW)).toBeNull()
    expect(toneNow([alarm({ priority: 'high' })], NO_MUTE, NOW)).toBe('high')
  })
})

describe('why, in words', () => {
  const say = (because: Record<string, unknown>, messages: object = zh) => becauseInWords(because, words(messages), NOW)
  it('tells a fence as an operator would', () => {
    const because = { rule: 'fence', margin_m: -85.2, acc_m: 12, src: 'gnss', witnesses: 2, for_ms: 120_000 }
    expect(say(because)).toBe('卫星定位，精度 12 m，在围栏外 85 m，2 个定位点，持续 2 分钟')
    expect(say(because, en)).toBe('Satellite fix, accuracy 12 m, 85 m outside the fence, 2 fixes, for 2 min')
  })
  it('has words for every rule of the core', () => {
    const rules = [
      { rule: 'device', kinds: ['sos', 'fall'] }, { rule: 'device', kinds: ['sos'], on: false, late: true },
      { rule: 'limit', field: 'bat', value: 9, limit: 15, on_delay_s: 60 }, { rule: 'limit', field: 'smoke', value: 7, limit: 5, on_delay_s: 0 },
      { rule: 'contact', last_contact_ms: NOW - 1_200_000, every_ms: 300_000 }, { rule: 'contact', silent_ms: 5000 },
      { rule: 'worn', worn: false, on_delay_s: 600 }, { rule: 'worn', worn: true }, { rule: 'faults', faults: ['tamper'] },
      { rule: 'faults', faults: [] }, { rule: 'fence' }, { rule: 'fence', edited: true }, { rule: 'fence', in_force: false },
      { rule: 'fence', margin_m: 3, acc_m: null, src: 'unknown', witnesses: 0, for_ms: 0, in_force: false },
      { rule: 'readable_again' }, { rule: 'shelf_ended' }, { rule: 'removed_from_roster' },
    ]
    for (const because of rules) for (const messages of [zh, en]) expect(say(because, messages)).not.toContain('undefined')
  })
  it('lists a rule nobody has words for', () => {
    expect(say({ rule: 'new', n: 3 })).toBe('rule = "new"，n = 3')
  })
})

describe('languages', () => {
  const keys = (at: object, under = ''): string[] => Object.entries(at).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? keys(value, `${under}${name}.`) : [`${under}${name}`])
  const holes = (text: unknown): string[] => (String(text).match(/\{\w+\}/g) ?? []).sort()
  const read = (at: object, key: string): unknown => key.split('.').reduce<unknown>((one, name) => (one as Record<string, unknown>)[name], at)
  it('have the same keys and the same holes', () => {
    expect(keys(en).sort()).toEqual(keys(zh).sort())
    for (const key of keys(zh)) expect(holes(read(en, key)), key).toEqual(holes(read(zh, key)))
  })
  it('name every kind and every step', () => {
    for (const kind of KINDS) {
      expect(zh.kind).toHaveProperty(kind)
      for (const step of stepsOf(kind)) expect(zh.sop).toHaveProperty(step)
    }
  })
})

describe('steps', () => {
  it('are known again from the timeline', () => {
    const text = tickText('call_site', '联系机构')
    expect(tickedStep(text)).toBe('call_site')
    expect(withoutMark(text)).toBe('联系机构')
    expect(tickedStep('just a remark')).toBeNull()
    expect(tickedStep(null)).toBeNull()
  })
})

describe('what may be done', () => {
  it('shelves no life-critical kind', () => {
    expect(['sos', 'smoke', 'fire_confirmed'].map(kind => mayShelve({ kind }))).toEqual([false, false, false])
    expect(mayShelve({ kind: 'fence_left' })).toBe(true)
  })
  it('takes an acknowledgement back within a minute', () => {
    const taken = alarm({ state: 'active_acknowledged', acknowledged_at_ms: NOW })
    expect(mayUndo(taken, NOW + 59_999)).toBe(true)
    expect(mayUndo(taken, NOW + 60_000)).toBe(false)
    expect(mayUndo(alarm(), NOW)).toBe(false)
  })
})

describe('health', () => {
  const good = { silentMs: 0, lostMs: null, clockOffsetMs: 0, behindMs: 0, gateway: { connected: true, fault: null }, gatewayAgeMs: 500 }
  const reasons = (more: object) => linkDangers({ ...good, ...more }).map(danger => danger.reason)
  it('is quiet when all is well, and says each thing that is not', () => {
    expect(reasons({})).toEqual([])
    expect(reasons({ silentMs: 9_999, lostMs: 2_999, behindMs: 9_999, clockOffsetMs: 5_000 })).toEqual([])
    expect(reasons({ silentMs: 10_000, clockOffsetMs: 9e9 })).toEqual(['stream_silent'])
    expect(reasons({ lostMs: 3_000 })).toEqual(['stream_silent'])
    expect(reasons({ behindMs: 10_000 })).toEqual(['stream_behind'])
    expect(reasons({ clockOffsetMs: -5001 })).toEqual(['clock_off'])
    expect(reasons({ gateway: null })).toEqual(['gateway_missing'])
    expect(reasons({ gatewayAgeMs: 10_001 })).toEqual(['gateway_old'])
    expect(reasons({ gateway: { connected: false, fault: 'disk full' } })).toEqual(['gateway_disconnected', 'gateway_fault'])
    expect(reasons({ gateway: { queue: 501, queue_limit: 1000 } })).toEqual(['gateway_behind'])
    expect(reasons({ gateway: { queue: 500, queue_limit: 1000 } })).toEqual([])
  })
})

describe('geometry and tracks', () => {
  const at = (ms: number, lon = 119, acc: number | null = 5): Point =>
    ({ measured_at_ms: ms, received_at_ms: ms, lat: 36.7, lon, acc_m: acc, src: 'gnss' })
  it('measures in metres', () => {
    expect(distanceM({ lon: 119, lat: 36.7 }, { lon: 119.001, lat: 36.7 })).toBeCloseTo(89.3, 0)
    expect(around({ lon: 119, lat: 36.7 })({ lon: 119, lat: 36.701 }).y).toBeCloseTo(-111.3, 0)
    expect(reachM(12, 60_000)).toBe(84)
    expect(scaleM(130)).toBe(100)
    const corners = ring({ lon: 119, lat: 36.7 }, 100)
    expect(corners[0]).toEqual(corners.at(-1))
  })
  it('breaks where nobody knows the way', () => {
    const points = [at(0), at(60_000), at(3_600_000), at(3_660_000)]
    expect(stretches(points).map(run => run.length)).toEqual([2, 2])
    expect([-1, 0, 59_999, 60_000, 9e9].map(ms => indexAt(points, ms))).toEqual([-1, 0, 0, 1, 3])
  })
  it('knows a speed only where something moved', () => {
    const points = [at(0), at(10_000, 119.001), at(20_000, 119.00101)]
    expect(speedMps(points, 1)).toBeCloseTo(8.9, 0)
    expect(speedMps(points, 2)).toBe(0)
    expect(speedMps(points, 0)).toBeNull()
  })
  it('keeps to the day of the city', () => {
    const [from, to] = dayBounds('2026-11-23')
    expect([dayOf(from), dayOf(to - 1), dayOf(to)]).toEqual(['2026-11-23', '2026-11-23', '2026-11-24'])
  })
})
