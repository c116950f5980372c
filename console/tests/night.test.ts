import { describe, expect, it } from 'vitest'
import { isWideOutage, silentIn, wideOutages } from '../src/logic/outage'
import { lateness } from '../src/logic/lateness'
import { noticeOf } from '../src/logic/notice'
import { shelfEnd } from '../src/logic/shelf'
import { tickedStep, ticksOf, tickText, untickText, withoutMark } from '../src/logic/sop'
import type { Transition } from '../src/stream/messages'
import { alarm } from './making'

const outage = (more = {}) => alarm({ kind: 'site_contact_lost', priority: 'high', subject_type: 'zone', subject_id: 'all', device_id: null, site_id: null, because: { rule: 'outage', silent: 7 }, ...more })
const lost = (more = {}) => alarm({ kind: 'contact_lost', priority: 'low', suppressed: true, ...more })
const countyOf = (site: string | null): string => (site === 'S1' ? '安丘市' : '青州市')

describe('a wide outage', () => {
  it('is one of a zone, not of a site', () => {
    expect([isWideOutage(outage()), isWideOutage(outage({ subject_type: 'site' })), isWideOutage(alarm())]).toEqual([true, false, false])
  })
  it('counts the devices that are silent now, in its zone', () => {
    const all = [lost(), lost({ site_id: 'S2' }), lost({ state: 'cleared_unacknowledged' })]
    expect(silentIn(outage(), all, countyOf)).toBe(2)
    expect(silentIn(outage({ subject_id: '安丘市' }), all, countyOf)).toBe(1)
  })
  it('counts what it was raised with while their own alarms are not here, and nothing once it is over', () => {
    expect(silentIn(outage(), [], countyOf)).toBe(7)
    expect(silentIn(outage({ state: 'cleared_unacknowledged' }), [], countyOf)).toBe(0)
  })
  it('tells the city before a county, and not what is explained or shelved', () => {
    const county = outage({ subject_id: '安丘市', raised_at_ms: 1 })
    const city = outage()
    expect(wideOutages([county, outage({ suppressed: true }), outage({ shelved: true }), city])).toEqual([city, county])
  })
})

describe('what colleagues do', () => {
  const told = (more: Partial<Transition>): Transition => ({ ...alarm(), at_ms: 1, event: 'unacknowledge', operator: 'wang', ...more })
  it('is told when it takes back my acknowledgement, and nobody else’s', () => {
    expect(noticeOf(told({}), { acknowledged_by: 'li' }, 'li')).toBe('taken_back')
    expect(noticeOf(told({}), { acknowledged_by: 'zhao' }, 'li')).toBeNull()
    expect(noticeOf(told({}), undefined, 'li')).toBeNull()
  })
  it('is told when it gives me an alarm', () => {
    const given = told({ event: 'assign', assignee: 'li' })
    expect([noticeOf(given, undefined, 'li'), noticeOf(given, undefined, 'zhao'), noticeOf({ ...given, operator: 'li' }, undefined, 'li')]).toEqual(['assigned', null, null])
  })
  it('is no news when I do it myself, or the system does', () => {
    expect(noticeOf(told({ operator: 'li' }), { acknowledged_by: 'li' }, 'li')).toBeNull()
    expect(noticeOf(told({ operator: null }), { acknowledged_by: 'li' }, 'li')).toBeNull()
  })
})

describe('the ticks of a check list', () => {
  const entry = (text: string, at_ms: number) => ({ text, at_ms, operator: 'li' })
  it('are those that nobody took back, with the newest hand', () => {
    const ticks = ticksOf([
      entry(tickText('a', 'A'), 1), entry(tickText('b', 'B'), 2), entry(untickText('a', 'A'), 3), entry(tickText('b', 'B'), 4), entry('B', 5),
      entry(tickText('c', 'C'), 6), entry(untickText('c', 'C'), 7), entry(tickText('c', 'C'), 8),
    ])
    expect([...ticks]).toEqual([['b', { by: 'li', atMs: 2 }], ['c', { by: 'li', atMs: 8 }]])
  })
  it('are read without their mark', () => {
    expect([withoutMark(tickText('a', '打电话')), withoutMark(untickText('a', '撤销步骤：打电话'))]).toEqual(['打电话', '撤销步骤：打电话'])
    expect(tickedStep(untickText('a', 'A'))).toBeNull()
  })
})

describe('the end of a shelf', () => {
  it('is a whole second, exactly as long as was chosen', () => {
    expect(shelfEnd('tamper', 60, 1_800_000_000_987)).toBe(1_800_003_600_000)
    expect(shelfEnd('strap_off', 15, 1_800_000_000_000)).toBe(1_800_000_900_000)
  })
  it('leaves the longest some seconds, because the gateway measures it from the arrival', () => {
    expect(shelfEnd('strap_off', 30, 1_800_000_000_000)).toBe(1_800_001_790_000)
    expect(shelfEnd('tamper', 720, 1_800_000_000_000)).toBe(1_800_043_190_000)
  })
})

describe('how long one waits', () => {
  it('is marked from the goals on', () => {
    expect([0, 59_999, 60_000, 179_999, 180_000].map(lateness)).toEqual([null, null, 'late', 'late', 'very_late'])
  })
})
