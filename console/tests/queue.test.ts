import { describe, expect, it } from 'vitest'
import type { Alarm } from '../src/logic/alarm'
import { type Filter, fromQuery, isFiltered, type Knowledge, matcher, NO_FILTER, toQuery, viewOf } from '../src/logic/filter'
import { fold, type Group, parentsOf, type Row } from '../src/logic/fold'
import { asHeld, hold, shiftOf } from '../src/logic/hold'
import { compareAlarms, compareFirst } from '../src/logic/order'
import { placeRows, placeTree } from '../src/logic/places'
import { BUILT_IN, builtIn, filterOf, MAX_PRESETS, queryOf, readPresets, withPreset } from '../src/logic/presets'
import { alarm, NOW } from './making'

const none: ReadonlySet<string> = new Set()
const MINUTE = 60_000
const sorted = (...alarms: Alarm[]): Alarm[] => [...alarms].sort(compareAlarms)
const groups = (rows: Row[]): Group[] => rows.filter(row => row.type === 'group')
const leak = (more: Partial<Alarm> = {}) => alarm({ kind: 'water_leak', priority: 'high', ...more })
const fire = (more: Partial<Alarm> = {}) => alarm({ kind: 'smoke', ...more })
const lost = (more: Partial<Alarm> = {}) => alarm({ kind: 'contact_lost', priority: 'low', ...more })

describe('one row of one cause', () => {
  it('for the same kind at the same site within a short time, which expands', () => {
    const list = sorted(leak(), leak(), alarm({ kind: 'tamper', priority: 'high' }))
    const rows = fold(list, none)
    expect(rows.map(row => row.type)).toEqual(['alarm', 'group'])
    expect(groups(rows)[0]).toMatchObject({ cause: 'same', kinds: [{ kind: 'water_leak', count: 2, waiting: true }] })
    expect(fold(list, new Set([groups(rows)[0]!.key])).map(row => row.type)).toEqual(['alarm', 'group', 'alarm', 'alarm'])
  })
  it('not for the same kind hours apart', () => {
    expect(groups(fold(sorted(leak({ raised_at_ms: NOW }), leak({ raised_at_ms: NOW + 120 * MINUTE })), none))).toHaveLength(0)
  })
  it('follows a chain: each within the gap of the one before', () => {
    const chain = [0, 10, 20, 30].map(minute => leak({ raised_at_ms: NOW + minute * MINUTE }))
    expect(groups(fold(sorted(...chain), none))[0]!.members).toHaveLength(4)
  })
  it('never folds two people in need into one', () => {
    for (const kind of ['sos', 'fall', 'fence_left', 'fence_entered']) expect(groups(fold([alarm({ kind }), alarm({ kind })], none))).toEqual([])
  })
  it('is one fire of several detectors, a call point and a sprinkler', () => {
    const list = sorted(fire(), fire({ kind: 'heat', raised_at_ms: NOW + 20 * MINUTE }), fire({ kind: 'manual_call' }), alarm({ kind: 'water_flow', priority: 'high' }))
    expect(groups(fold(list, none))).toMatchObject([{ cause: 'fire', members: { length: 4 }, unacknowledged: { length: 4 } }])
    expect(groups(fold([fire(), fire({ site_id: 'S2' })], none))).toEqual([])
    expect(groups(fold([fire(), alarm({ kind: 'gas' })], none))).toEqual([])
  })
  it('is one person with several kinds, and one sensor', () => {
    const person = { resident_id: 'P1', device_id: 'W1' }
    expect(groups(fold(sorted(alarm(person), alarm({ ...person, kind: 'fall' }), alarm()), none))).toMatchObject([{ cause: 'person', members: { length: 2 } }])
    expect(groups(fold(sorted(leak({ device_id: 'F1' }), leak({ device_id: 'F1', kind: 'tamper' })), none))).toMatchObject([{ cause: 'device' }])
  })
  it('is one kind in a flood, across sites, never what is urgent', () => {
    const strap = (more: Partial<Alarm> = {}) => alarm({ kind: 'strap_off', priority: 'high', ...more })
    const list = sorted(strap(), strap({ site_id: 'S2' }), leak(), alarm(), alarm({ kind: 'fall', resident_id: 'P1' }), strap({ resident_id: 'P1' }))
    const rows = fold(list, none, list, true)
    expect(groups(rows)).toMatchObject([{ cause: 'flood', key: 'flood/strap_off', members: { length: 3 } }])
    expect(rows.filter(row => row.type === 'alarm').map(row => row.alarm.kind).sort()).toEqual(['fall', 'sos', 'water_leak'])
    expect(groups(fold(list, none)).map(group => group.cause)).not.toContain('flood')
  })
  it('is one outage of a site, with what was lost there, wherever that is listed', () => {
    const outage = alarm({ kind: 'site_contact_lost', priority: 'high', subject_type: 'site', device_id: null })
    const members = [lost(), lost({ kind: 'data_gap' }), lost({ site_id: 'S2' }), lost({ shelved: true })]
    const all = sorted(outage, ...members)
    const [row] = groups(fold([outage], none, all))
    expect(row).toMatchObject({ cause: 'outage', key: `parent/${outage.alarm_id}`, alarm: { alarm_id: outage.alarm_id } })
    expect(row!.members.map(one => one.alarm_id).sort()).toEqual([outage, members[0]!, members[1]!].map(one => one.alarm_id).sort())
    const maintenance = all.filter(one => viewOf(one) === 'maintenance')
    expect(groups(fold(maintenance, none, all))).toMatchObject([{ cause: 'parent', members: { length: 2 } }])
  })
  it('is what the service names a parent of', () => {
    const parent = fire()
    const child = alarm({ kind: 'fault', priority: 'low', suppressed: true, because: { rule: 'suppressed', parent_alarm_id: parent.alarm_id } })
    expect(parentsOf([parent, child]).get(child.alarm_id)).toBe(parent)
    expect(groups(fold([parent], none, [parent, child]))).toMatchObject([{ cause: 'parent', members: { length: 2 } }])
    const orphan = alarm({ because: { parent_alarm_id: 'gone' } })
    expect(fold([orphan], none)).toMatchObject([{ type: 'alarm' }])
  })
  it('survives alarms that name each other, or themselves', () => {
    const one = alarm({ kind: 'fault' })
    const two = alarm({ kind: 'fault', because: { parent_alarm_id: one.alarm_id } })
    one.because = { parent_alarm_id: two.alarm_id }
    const self = alarm({ kind: 'tamper', alarm_id: 'self', because: { parent_alarm_id: 'self' } })
    const rows = fold([one, two, self], new Set(['under/self']))
    const seen = rows.flatMap(row => (row.type === 'group' ? row.members : [row.alarm]))
    expect(new Set(seen)).toEqual(new Set([one, two, self]))
  })
  it('names every kind it holds, the ones nobody took first, and how long the oldest waits', () => {
    const person = { resident_id: 'P1', device_id: 'W1' }
    const taken = alarm({ ...person, kind: 'fence_left', state: 'active_acknowledged', raised_at_ms: NOW - 9 * MINUTE })
    const list = sorted(alarm({ ...person, kind: 'strap_off', priority: 'high', raised_at_ms: NOW - 5 * MINUTE }), taken, alarm({ ...person, raised_at_ms: NOW }))
    const [row] = groups(fold(list, none))
    expect(row!.kinds.map(one => one.kind)).toEqual(['sos', 'strap_off', 'fence_left'])
    expect(row!.oldestMs).toBe(NOW - 5 * MINUTE)
    expect(row!.alarm.kind).toBe('sos')
  })
  it('stands where its worst alarm stands, and nothing is lost or doubled', () => {
    const kinds = ['sos', 'smoke', 'water_leak', 'low_battery', 'contact_lost', 'site_contact_lost', 'tamper', 'fence_left']
    const list = sorted(...Array.from({ length: 400 }, (_, i) => alarm({
      kind: kinds[(i * 7) % 8]!, priority: (['urgent', 'high', 'low'] as const)[i % 3]!, site_id: `S${i % 5}`, resident_id: i % 4 ? null : `P${i % 11}`,
      device_id: `W${i % 60}`, raised_at_ms: NOW - ((i * 7919) % 300) * MINUTE, suppressed: i % 13 === 0,
    })))
    const rows = fold(list, none)
    const seen = rows.flatMap(row => (row.type === 'group' ? row.members : [row.alarm]))
    expect(seen).toHaveLength(list.length)
    expect(new Set(seen).size).toBe(list.length)
    const open = fold(list, new Set(groups(rows).map(row => row.key)))
    expect(new Set(open.map(row => row.key)).size).toBe(open.length)
    for (const row of groups(rows)) expect(row.alarm).toBe(row.cause === 'fire' ? [...row.members].sort(compareFirst)[0] : sorted(...row.members)[0])
  })
})

describe('filter', () => {
  const known: Knowledge = { countyOf: site => (site === 'S1' ? '安丘市' : ''), found: (_, q) => q === 'x', me: 'li', nowMs: () => NOW + 10 * MINUTE }
  const fits = (one: Alarm, more: Partial<Filter>) => matcher({ ...NO_FILTER, ...more }, known)(one)
  it('survives the address, every member of it', () => {
    const filter: Filter = {
      view: 'maintenance', county: '安丘市', site: 'S1', kind: 'sos,fall', priority: 'low', state: 'overdue', person: 'P1', time: '8h', mine: '1', q: 'l&q=?',
    }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
    expect(filterOf(queryOf(filter))).toEqual(filter)
    expect(toQuery(NO_FILTER)).toEqual({})
    expect(fromQuery({ view: 'nonsense', q: ['a'], kind: null })).toEqual(NO_FILTER)
    expect([isFiltered(NO_FILTER), isFiltered({ ...NO_FILTER, view: 'shelved' }), isFiltered({ ...NO_FILTER, mine: '1' })]).toEqual([false, false, true])
  })
  it('puts every alarm in one view', () => {
    expect(viewOf(alarm())).toBe('queue')
    expect(viewOf(alarm({ priority: 'low' }))).toBe('maintenance')
    expect(viewOf(alarm({ shelved: true, suppressed: true }))).toBe('shelved')
    expect(viewOf(alarm({ out_of_service: true }))).toBe('suppressed')
  })
  it('narrows by place, kinds, person, state and words', () => {
    expect([fits(alarm(), { county: '安丘市' }), fits(alarm({ site_id: 'S2' }), { county: '安丘市' })]).toEqual([true, false])
    expect([fits(alarm(), { site: 'S1' }), fits(alarm(), { site: 'S2' })]).toEqual([true, false])
    expect([fits(alarm(), { kind: 'fall,sos' }), fits(alarm(), { kind: 'fall' })]).toEqual([true, false])
    expect([fits(alarm({ resident_id: 'P1' }), { person: 'P1' }), fits(alarm(), { person: 'P1' })]).toEqual([true, false])
    expect([fits(alarm(), { state: 'unacknowledged' }), fits(alarm(), { state: 'acknowledged' })]).toEqual([true, false])
    expect([fits(alarm(), { q: 'x' }), fits(alarm(), { q: 'y' }), fits(alarm(), { q: ' ' })]).toEqual([true, false, true])
  })
  it('knows how long one waits and when it was raised', () => {
    const old = alarm({ raised_at_ms: NOW })
    const fresh = alarm({ raised_at_ms: NOW + 10 * MINUTE - 59_000 })
    expect([fits(old, { state: 'overdue' }), fits(fresh, { state: 'overdue' })]).toEqual([true, false])
    expect(fits({ ...old, state: 'active_acknowledged' }, { state: 'overdue' })).toBe(false)
    const ancient = alarm({ raised_at_ms: NOW - 25 * 60 * MINUTE })
    expect([fits(old, { time: '1h' }), fits(ancient, { time: '24h' }), fits(ancient, { time: 'over24h' }), fits(old, { time: 'over24h' })])
      .toEqual([true, false, true, false])
  })
  it('knows what is mine: given to me, or taken by me and given to nobody', () => {
    expect(fits(alarm({ assignee: 'li' }), { mine: '1' })).toBe(true)
    expect(fits(alarm({ acknowledged_by: 'li' }), { mine: '1' })).toBe(true)
    expect(fits(alarm({ acknowledged_by: 'li', assignee: 'wang' }), { mine: '1' })).toBe(false)
  })
})

describe('presets', () => {
  it('come with the console, each a plain address', () => {
    for (const name of Object.keys(BUILT_IN) as (keyof typeof BUILT_IN)[]) expect(filterOf(queryOf(builtIn(name)))).toEqual(builtIn(name))
  })
  it('are kept, replaced by name, and bounded', () => {
    const filter = { ...NO_FILTER, county: '青州市' }
    let kept = withPreset([], '夜班', filter)
    kept = withPreset(kept, '夜班', { ...filter, q: 'x' })
    expect(readPresets(JSON.stringify(kept))).toEqual([{ name: '夜班', query: queryOf({ ...filter, q: 'x' }) }])
    for (let i = 0; i < 50; i++) kept = withPreset(kept, `p${i}`, filter)
    expect(kept).toHaveLength(MAX_PRESETS)
  })
  it('are not believed when they are none', () => {
    for (const text of [null, '', '{', '7', 'null', '[null]', '[{"name":7}]', '[{"name":"","query":""}]', '{"name":"a"}']) expect(readPresets(text)).toEqual([])
    expect(readPresets('[{"name":"a","query":"evil=1&kind=sos"}]')).toEqual([{ name: 'a', query: 'kind=sos' }])
  })
})

describe('rows that are held', () => {
  const rows = (...alarms: Alarm[]) => fold(alarms, none)
  const [a, b, c, d] = [alarm(), alarm(), alarm(), alarm()] as [Alarm, Alarm, Alarm, Alarm]
  const keys = (held: { row: Row }[]) => held.map(one => one.row.key)
  it('keep their order when one sinks', () => {
    const taken = { ...a, state: 'active_acknowledged' as const }
    const held = hold(asHeld(rows(a, b, c)), rows(b, c, taken))
    expect(keys(held)).toEqual(keys(asHeld(rows(a, b, c))))
    expect(held[0]!.row.alarm.state).toBe('active_acknowledged')
  })
  it('stay when they end, and are marked', () => {
    const held = hold(asHeld(rows(a, b)), rows(b))
    expect(held.map(one => [one.row.key, one.gone])).toEqual([[a.alarm_id, true], [b.alarm_id, false]])
  })
  it('let new ones in at their place, and say how far the others moved', () => {
    const before = asHeld(rows(b, c))
    const after = hold(before, rows(a, b, d, c))
    expect(keys(after)).toEqual([a, b, d, c].map(one => one.alarm_id))
    expect([shiftOf(b.alarm_id, before, after), shiftOf(c.alarm_id, before, after), shiftOf('none', before, after)]).toEqual([1, 2, 0])
  })
  it('come back once they are raised again', () => {
    const gone = hold(asHeld(rows(a, b)), rows(b))
    expect(hold(gone, rows(a, b)).map(one => one.gone)).toEqual([false, false])
  })
})

describe('places', () => {
  const sites = [
    { site_id: 'S1', name: '甲院', county: '安丘市' }, { site_id: 'S2', name: '乙院', county: '安丘市' }, { site_id: 'S3', name: '丙院', county: '青州市' },
    { site_id: 'S4', name: null, county: null },
  ]
  const alarms = [alarm({ site_id: 'S2' }), alarm({ site_id: 'S3', priority: 'low' }), alarm({ site_id: null }), alarm({ site_id: 'gone' })]
  const tree = placeTree(sites, alarms)
  it('count by priority at each node, the most pressing first', () => {
    expect(tree.counts).toEqual({ urgent: 3, high: 0, low: 1 })
    expect(tree.counties.map(one => [one.name, one.counts.urgent, one.counts.low])).toEqual([['安丘市', 1, 0], ['青州市', 0, 1], ['', 0, 0]])
    expect(tree.counties[0]!.children.map(one => one.key)).toEqual(['S2', 'S1'])
  })
  it('show open counties, or what fits the words', () => {
    const names = (open: string[], q: string) => placeRows(tree, new Set(open), q, (name, words) => name.includes(words)).nodes.map(one => one.name)
    expect(names([], '')).toEqual(['安丘市', '青州市', ''])
    expect(names(['青州市'], '')).toEqual(['安丘市', '青州市', '丙院', ''])
    expect(names([], '乙')).toEqual(['安丘市', '乙院'])
    expect(names([], '没有')).toEqual([])
  })
})
