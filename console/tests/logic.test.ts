import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { type Alarm, KINDS, mayShelve, mayUndo } from '../src/logic/alarm'
import { around, distanceM, reachM, ring, scaleM } from '../src/logic/geometry'
import { linkDangers } from '../src/logic/health'
import { storageWarnings, waitsForRepair, wordsOf } from '../src/logic/storage'
import { muted, NO_MUTE, toneNow } from '../src/logic/mute'
import { compareAlarms } from '../src/logic/order'
import { dayBounds, dayOf, indexAt, type Point, speedMps, stretches } from '../src/logic/track'

const NOW = 1_800_000_000_000
let seq = 0

function alarm(more: Partial<Alarm> = {}): Alarm {
  seq++
  return {
    alarm_id: `A${seq}`, version: 1, seq, subject_type: 'device', subject_id: 'W1', device_id: 'W1', site_id: 'S1',
    resident_id: null, kind: 'sos', fence_id: null, priority: 'urgent', state: 'active_unacknowledged', shelved: false,
    shelved_until_ms: null, suppressed: false, out_of_service: false, count: 1, assignee: null, because: {}, position: null,
    measured_at_ms: null, received_at_ms: null, raised_at_ms: NOW + seq, committed_at_ms: NOW, shown_at_ms: null,
    acknowledged_at_ms: null, acknowledged_by: null, cleared_at_ms: null, closed_at_ms: null, outcome: null, ...more,
  }
}

describe('order', () => {
  it('puts priority first, then what nobody took, by need, then the newest', () => {
    const low = alarm({ priority: 'low' })
    const taken = alarm({ state: 'active_acknowledged' })
    const older = alarm()
    const newer = alarm()
    const high = alarm({ priority: 'high' })
    expect([low, taken, older, newer, high].sort(compareAlarms)).toEqual([newer, older, taken, high, low])
    const [fire, sos, lost] = ['smoke', 'sos', 'fence_left'].map(kind => alarm({ kind }))
    expect([lost, sos, fire].sort(compareAlarms)).toEqual([fire, sos, lost])
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

describe('languages', () => {
  const keys = (at: object, under = ''): string[] => Object.entries(at).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? keys(value, `${under}${name}.`) : [`${under}${name}`])
  const holes = (text: unknown): string[] => (String(text).match(/\{\w+\}/g) ?? []).sort()
  const read = (at: object, key: string): unknown => key.split('.').reduce<unknown>((one, name) => (one as Record<string, unknown>)[name], at)
  it('have the same keys and the same holes', () => {
    expect(keys(en).sort()).toEqual(keys(zh).sort())
    for (const key of keys(zh)) expect(holes(read(en, key)), key).toEqual(holes(read(zh, key)))
  })
  it('name every kind', () => {
    for (const kind of KINDS) expect(zh.kind).toHaveProperty(kind)
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
  const good = { silentMs: 0, lostMs: null, clockOffsetMs: 0, behindMs: 0, gateway: { connected: true, fault: null }, gatewayAgeMs: 500, canaryMissed: 0 }
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
    const fault = (code: string) => ({ gateway: { fault: 'x', faults: [{ code, text: 'x' }] } })
    expect(reasons(fault('journal_lost'))).toEqual(['storage_journal_lost'])
    expect(reasons(fault('step_changed'))).toEqual(['storage_damaged'])
    expect(reasons({ disk: { level: 'full', free_bytes: 0, total_bytes: 9 } })).toEqual(['storage_disk_full'])
    expect(reasons({ ...fault('disk_full'), disk: { level: 'full', free_bytes: 0, total_bytes: 9 } })).toEqual(['storage_disk_full'])
    expect(reasons({ gateway: { storage: { slowest_ms: 5_001 } } })).toEqual(['storage_very_slow'])
    expect(reasons({ gateway: { queue: 501, queue_limit: 1000 } })).toEqual(['gateway_behind'])
    expect(reasons({ gateway: { queue: 500, queue_limit: 1000 } })).toEqual([])
  })
  it('hears of the canary where nothing else explains it', () => {
    expect(reasons({ canaryMissed: null })).toEqual([])
    expect(reasons({ canaryMissed: 2 })).toEqual([])
    expect(linkDangers({ ...good, canaryMissed: 3 })).toEqual([{ reason: 'canary_missed', times: 3 }])
    expect(reasons({ canaryMissed: 30, gateway: { connected: false } })).toEqual(['gateway_disconnected'])
  })
  it('shows for ten minutes that the clock was set or the host slept', () => {
    const gateway = { connected: true, fault: null, at_ms: NOW, clock_jump: { at_ms: NOW - 600_000, by_ms: -3_600_000, why: 'set' } }
    expect(linkDangers({ ...good, gateway } as never)).toEqual([{ reason: 'clock_set', seconds: -3600 }])
    expect(reasons({ gateway: { ...gateway, at_ms: NOW + 1 } })).toEqual([])
    expect(reasons({ gateway: { ...gateway, clock_jump: { ...gateway.clock_jump, why: 'slept' } } })).toEqual(['host_slept'])
  })
})

describe('storage', () => {
  const warned = (level: 'good' | 'low' | 'very_low', slowest_ms = 0) =>
    storageWarnings({ gateway: { storage: { slowest_ms } }, disk: { level, free_bytes: 19, total_bytes: 100 } })
  it('warns before it is dangerous', () => {
    expect(warned('good', 1_000)).toEqual([])
    expect(warned('low')).toEqual([{ reason: 'storage_low', percent: 19 }])
    expect(warned('very_low', 1_001).map(one => one.reason)).toEqual(['storage_very_low', 'storage_slow'])
    expect(warned('good', 5_001)).toEqual([])
  })
  it('sounds only while somebody can do something about it at once', () => {
    expect(['storage_disk_full', 'storage_very_slow', 'gateway_old', 'storage_journal_lost', 'storage_head_missing'].filter(waitsForRepair))
      .toEqual(['storage_journal_lost', 'storage_head_missing'])
  })
  it('has its words in a section of their own', () => {
    expect([wordsOf('storage_low'), wordsOf('clock_off')]).toEqual(['storage.low', 'danger.clock_off'])
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
