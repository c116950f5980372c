// What of a shift needs to be read by the next, one by one, and what is enough as a count. Pure.
import { PRIORITIES } from './alarm'
import type { Reported } from './shift'

type Outcome = NonNullable<Reported['outcome']>

/** Somebody closed it without having taken it on before: the closing was the first that anybody did. */
export const closedUnacknowledged = (one: Reported): boolean =>
  one.closed_by !== null && one.acknowledged_at_ms !== null && one.acknowledged_at_ms === one.closed_at_ms && one.acknowledged_by === one.closed_by

const rank = (one: Reported): number => PRIORITIES.indexOf(one.priority)
export const byRank = (a: Reported, b: Reported): number => rank(a) - rank(b) || a.raised_at_ms - b.raised_at_ms

/** What happened for true, and what ended without anybody having taken it on; the rest is a number. */
export const needsReading = (one: Reported): boolean =>
  one.priority !== 'low' && (one.outcome === 'real' || one.acknowledged_at_ms === null || closedUnacknowledged(one))

export interface KindSummary { kind: string, all: number, outcomes: Record<Outcome, number>, itself: number, unacknowledged: number }

/** What ended, by kind and outcome, the most pressing kinds first. */
export function summaryOf(done: readonly Reported[]): KindSummary[] {
  const found = new Map<string, KindSummary>()
  for (const one of [...done].sort(byRank)) {
    const of = found.get(one.kind)
      ?? { kind: one.kind, all: 0, outcomes: { real: 0, false: 0, test: 0, other: 0 }, itself: 0, unacknowledged: 0 }
    of.all++
    if (one.outcome) of.outcomes[one.outcome]++
    else of.itself++
    if (closedUnacknowledged(one) || one.acknowledged_at_ms === null) of.unacknowledged++
    found.set(one.kind, of)
  }
  return [...found.values()]
}
