import { describe, expect, it } from 'vitest'
import { byRank, closedUnacknowledged, needsReading, summaryOf } from '../src/logic/handover'
import type { Reported } from '../src/logic/shift'

let n = 0
const ended = (more: Partial<Reported>): Reported => ({
  alarm_id: `A${++n}`, kind: 'sos', priority: 'urgent', state: 'normal', raised_at_ms: n, acknowledged_at_ms: 100, acknowledged_by: 'li',
  closed_at_ms: 200, closed_by: 'li', outcome: 'false', ...more,
}) as Reported
const STRAIGHT = { acknowledged_at_ms: 200 } // the service tells a closing that nobody acknowledged before as the first answer

describe('the hand-over sheet', () => {
  it('names what was closed without ever having been acknowledged', () => {
    expect(closedUnacknowledged(ended(STRAIGHT))).toBe(true)
    expect(closedUnacknowledged(ended({}))).toBe(false)
    expect(closedUnacknowledged(ended({ ...STRAIGHT, acknowledged_by: 'wang' }))).toBe(false)
    // Its condition was over, and the acknowledgement ended it.
    expect(closedUnacknowledged(ended({ ...STRAIGHT, closed_by: null, outcome: null }))).toBe(false)
  })
  it('lists what was real and what nobody took on; the rest is a number', () => {
    expect(needsReading(ended({ outcome: 'real' }))).toBe(true)
    expect(needsReading(ended(STRAIGHT))).toBe(true)
    expect(needsReading(ended({ acknowledged_at_ms: null, acknowledged_by: null, closed_by: null, outcome: null }))).toBe(true)
    expect(needsReading(ended({}))).toBe(false)
    expect(needsReading(ended({ outcome: 'real', priority: 'low', kind: 'fault' }))).toBe(false)
  })
  it('counts by kind and outcome, and every alarm once', () => {
    const done = [
      ended({ kind: 'low_battery', priority: 'low', outcome: null, closed_by: null }), ended({}), ended({ outcome: 'real' }), ended({ ...STRAIGHT, outcome: 'test' }),
      ended({ kind: 'smoke', acknowledged_at_ms: null, acknowledged_by: null, closed_by: null, outcome: null }),
    ]
    const summary = summaryOf(done)
    expect(summary.map(one => [one.kind, one.all, one.outcomes, one.itself, one.unacknowledged])).toEqual([
      ['sos', 3, { real: 1, false: 1, test: 1, other: 0 }, 0, 1],
      ['smoke', 1, { real: 0, false: 0, test: 0, other: 0 }, 1, 1],
      ['low_battery', 1, { real: 0, false: 0, test: 0, other: 0 }, 1, 0],
    ])
    expect(summary.reduce((sum, one) => sum + one.all, 0)).toBe(done.length)
    expect(done.sort(byRank)[0]!.priority).toBe('urgent')
  })
})
