/// <reference types="vite/client" />
import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { type Alarm, KINDS, mayShelve } from '../src/logic/alarm'
import { countInWords } from '../src/logic/counts'
import { fold, type Group } from '../src/logic/fold'
import { GROUPS, groupsOf, keysOf, PAGE_KEYS, written } from '../src/logic/keymap'
import { nextWaiting } from '../src/logic/next'
import { compareAlarms } from '../src/logic/order'
import { closingPhrases, shelvingPhrases } from '../src/logic/phrases'
import { type Detector, detectorLines, firesOf, type Inmate, inmateLines, mobilityOf, placeOf } from '../src/logic/premises'
import { mayBeOut, shelfMinutes } from '../src/logic/shelf'
import { ACTS, whyNot } from '../src/logic/why-not'
import { alarm, NOW, words } from './making'

const say = [words(zh), words(en)]
const sorted = (...alarms: Alarm[]): Alarm[] => [...alarms].sort(compareAlarms)

describe('the building that burns', () => {
  it.each([
    ['2F', 2], ['1F-05', 1], ['3层东侧走廊', 3], ['十二楼', 12], ['二十一层', 21], ['305', 3], ['1203室', 12], ['B1 车库', -1], ['地下二层', -2], ['负一层', -1],
    ['2号楼三层', 3], ['2号楼 305', 3], ['厨房', null], ['', null], [null, null], ['3号楼', null], ['12', null], ['东区', null], ['院内 8 号', null],
  ])('finds the floor of %s', (text, floor) => expect(placeOf(text).floor).toBe(floor))
  it('finds the building', () => {
    expect(placeOf('2号楼三层').building).toBe('2')
    expect(placeOf('A栋 305').building).toBe('A')
    expect(placeOf('3F').building).toBe('')
  })
  it.each([
    ['失能', '', 'carry'], ['失智', '长期卧床', 'carry'], ['', '坐轮椅', 'carry'], ['', '不能自行行走', 'carry'], ['半失能', '', 'help'], ['', '步态不稳，有跌倒史', 'help'],
    ['失智', '', 'help'], ['自理', '', 'walks'], ['自理', '无需轮椅', 'walks'], [null, null, 'walks'], ['', 'wheelchair', 'carry'], ['', 'unsteady', 'help'],
  ] as const)('reads from "%s" and "%s" who needs carrying', (care_level, risk_notes, mobility) =>
    expect(mobilityOf({ resident_id: 'P', care_level, risk_notes })).toBe(mobility))

  const detector = (device_id: string, zone: string, more: Partial<Detector> = {}): Detector =>
    ({ device_id, kind: 'fire_sensor', zone, last_contact_ms: NOW, bat: 90, ...more })
  const fire = alarm({ kind: 'smoke', device_id: 'S1' })
  const devices = [
    detector('S1', '2F'), detector('S2', '3F'), detector('S3', '1F'), detector('S4', '2F', { last_contact_ms: null }), detector('S5', '9F', { bat: 4 }),
    detector('S6', '9F'), detector('S7', '2F'), detector('W1', '2F', { kind: 'wristband' }), detector('S8', '5F'),
  ]
  const open = [
    fire, alarm({ kind: 'heat', device_id: 'S2', raised_at_ms: fire.raised_at_ms - 5000 }), alarm({ kind: 'contact_lost', device_id: 'S3', suppressed: true }),
    alarm({ kind: 'water_flow', device_id: 'S6', state: 'cleared_unacknowledged' }),
  ]
  it('lists what alarms in the order it began, then what cannot say so, then the nearest', () => {
    const lines = detectorLines(devices, firesOf(fire, devices, open), open)
    expect(lines.map(one => [one.device_id, one.state])).toEqual([
      ['S2', 'alarming'], ['S1', 'alarming'], ['S3', 'silent'], ['S4', 'unheard'], ['S5', 'low_battery'], ['S7', 'heard'], ['S8', 'heard'], ['S6', 'heard'],
    ])
    expect(lines.find(one => one.device_id === 'S7')!.nearness).toBe('here')
    expect(lines[0]!.kinds).toEqual(['heat'])
  })
  it('lists who cannot walk first, of those the nearest, and upstairs before downstairs', () => {
    const at = (resident_id: string, room: string | null, care_level = '自理'): Inmate => ({ resident_id, room, care_level })
    const people = [at('near', '2F-01'), at('far', '9F-01', '失能'), at('up', '3F-02', '失能'), at('down', '1F-02', '失能'), at('same', '2F-09', '失能'), at('nowhere', null, '失能'), at('shaky', '2F-03', '半失能')]
    const lines = inmateLines(people, [placeOf('2F')])
    expect(lines.map(one => one.resident_id)).toEqual(['same', 'up', 'down', 'far', 'nowhere', 'shaky', 'near'])
    expect(lines.map(one => one.nearness).slice(0, 3)).toEqual(['floor', 'above', 'elsewhere'])
  })
  it('lists by room where the fire has no place, and survives nobody and thousands', () => {
    const people = ['10F-1', '2F-1', '1F-1'].map(room => ({ resident_id: room, room }))
    expect(inmateLines(people, firesOf(alarm({ device_id: 'stranger' }), devices, [])).map(one => one.room)).toEqual(['1F-1', '2F-1', '10F-1'])
    expect(inmateLines([], [])).toEqual([])
    expect(detectorLines([], [], open)).toEqual([])
    expect(inmateLines(Array.from({ length: 5000 }, (_, i) => ({ resident_id: `P${i}`, room: `${i % 30}F-${i}` })), [placeOf('3F')])).toHaveLength(5000)
  })
})

describe('phrases', () => {
  it('are there for every kind, in both languages, and never twice', () => {
    for (const kind of [...KINDS, 'a_kind_of_next_year']) {
      const closing = closingPhrases(kind)
      expect(closing.length, kind).toBeGreaterThanOrEqual(3)
      for (const t of say) {
        expect(new Set(closing.map(one => t(one.key))).size).toBe(closing.length)
        if (mayShelve({ kind })) for (const one of shelvingPhrases(kind)) t(one.key)
      }
      expect(closing.every(one => ['real', 'false', 'test', 'other'].includes(String(one.outcome)))).toBe(true)
    }
  })
  it('propose what they say', () => {
    const outcome = (kind: string, name: string) => closingPhrases(kind).find(one => one.key.endsWith(`.${name}`))!.outcome
    expect([outcome('smoke', 'drill'), outcome('heat', 'real'), outcome('sos', 'slip'), outcome('fence_left', 'drift')]).toEqual(['test', 'real', 'false', 'false'])
    expect(closingPhrases('smoke')).not.toEqual(closingPhrases('low_battery'))
  })
})

describe('a shelf', () => {
  it('is half an hour at most where a person may be out, a quarter by itself', () => {
    for (const kind of KINDS.filter(kind => mayShelve({ kind }))) {
      const { choices, usual } = shelfMinutes(kind)
      expect(choices).toContain(usual)
      expect(Math.max(...choices)).toBe(mayBeOut(kind) ? 30 : 720)
    }
    expect(KINDS.filter(mayBeOut)).toEqual(['fence_left', 'fence_entered', 'strap_off', 'no_motion', 'position_lost'])
    expect(shelfMinutes('fence_left').usual).toBe(15)
  })
})

describe('a key that can do nothing', () => {
  const taken = alarm({ state: 'active_acknowledged', acknowledged_by: 'li', acknowledged_at_ms: NOW, assignee: 'li', kind: 'tamper' })
  it('says why', () => {
    expect(whyNot('acknowledge', taken, NOW, 'li')).toEqual(['taken_by', { name: 'li' }])
    expect(whyNot('undo', taken, NOW + 59_000, 'li')).toBeNull()
    expect(whyNot('undo', taken, NOW + 60_000, 'li')).toEqual(['undo_late'])
    expect(whyNot('undo', alarm(), NOW, 'li')).toEqual(['undo_none'])
    expect(whyNot('take', taken, NOW, 'li')).toEqual(['mine'])
    expect(whyNot('take', taken, NOW, 'wang')).toBeNull()
    expect(whyNot('shelve', alarm({ kind: 'smoke' }), NOW, 'li')).toEqual(['never_shelved', { kind: 'smoke' }])
    expect(whyNot('shelve', { ...taken, shelved: true, shelved_until_ms: NOW }, NOW, 'li')).toEqual(['shelved', { time: NOW }])
    expect(whyNot('shelve', taken, NOW, 'li')).toBeNull()
  })
  it('says so of every act without an alarm, and of one that has ended', () => {
    for (const act of ACTS) {
      expect(whyNot(act, null, NOW, 'li')).toEqual(['open_first'])
      expect(whyNot(act, alarm({ state: 'normal' }), NOW, 'li')).toEqual(act === 'phone' ? null : ['ended'])
    }
  })
})

describe('the table of keys', () => {
  it('gives no key to two acts of one page, and has words for each', () => {
    const bound = [...Object.keys(GROUPS.list), ...Object.keys(GROUPS.alarm), ...Object.keys(GROUPS.page)]
    const keys = bound.flatMap(name => keysOf(name as Parameters<typeof keysOf>[0]))
    expect(new Set(keys).size).toBe(keys.length)
    for (const t of say) for (const [group, names] of Object.entries(GROUPS)) for (const name of [`group_${group}`, ...Object.keys(names)]) t(`work.keys.${name}`)
  })
  it('is printed as it stands on the keyboard', () => {
    expect(written('j ArrowDown')).toEqual(['J', '↓'])
    expect(written(GROUPS.alarm.tick)).toEqual(['1–9'])
    expect(written('Escape')).toEqual(['Esc'])
    for (const page of ['queue', 'map', 'track', 'roster', 'fence', 'shift']) expect(groupsOf(page)).toContain('page')
    expect(new Set(Object.values(PAGE_KEYS)).size).toBe(5)
  })
})

describe('what comes next', () => {
  it('is the most pressing that waits, and not the one that is open', () => {
    const [sos, smoke] = [alarm(), alarm({ kind: 'smoke' })]
    const list = sorted(sos, smoke, alarm({ kind: 'smoke', state: 'active_acknowledged' }), alarm({ kind: 'tamper', priority: 'high' }))
    expect(nextWaiting(list)).toBe(smoke)
    expect(nextWaiting(list, smoke.alarm_id)).toBe(sos)
    expect(nextWaiting([alarm({ priority: 'low', kind: 'fault' }), alarm({ shelved: true }), alarm({ suppressed: true })])).toBeUndefined()
  })
})

describe('a number of alarms', () => {
  it('is not nought before they are read', () => expect([countInWords(0, false), countInWords(0, true), countInWords(12, true)]).toEqual(['–', '0', '12']))
})

describe('a fire keeps its name', () => {
  const at = (minute: number, more: Partial<Alarm>) => alarm({ kind: 'smoke', raised_at_ms: NOW + minute * 60_000, ...more })
  const of = (...alarms: Alarm[]): Group => fold(sorted(...alarms), new Set())[0] as Group
  it('of its first detector, whoever was taken on and whatever joins', () => {
    const first = at(0, { alarm_id: 'A-first', device_id: 'S1' })
    const second = at(3, { kind: 'heat', device_id: 'S2' })
    const flow = alarm({ kind: 'water_flow', priority: 'high', raised_at_ms: NOW - 60_000 })
    for (const state of ['active_unacknowledged', 'active_acknowledged'] as const) {
      const fire = of({ ...first, state }, second, at(9, { device_id: 'S3' }), flow)
      expect(fire.alarm.alarm_id).toBe('A-first')
      expect(fire.kinds.map(one => [one.kind, one.count])).toEqual([['smoke', 2], ['heat', 1], ['water_flow', 1]])
      expect(fire.members[0]!.alarm_id).toBe('A-first')
    }
  })
  it('and of the next one when the first is closed', () => {
    const [second, third] = [at(3, { alarm_id: 'A-second' }), at(9, {})]
    expect(of(third, second).alarm.alarm_id).toBe('A-second')
  })
})
