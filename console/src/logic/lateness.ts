// How pressing it is that nobody has answered: past the minute, and past the three, of the goals. Pure.
export type Lateness = 'late' | 'very_late'

export const lateness = (waitedMs: number): Lateness | null => (waitedMs >= 180_000 ? 'very_late' : waitedMs >= 60_000 ? 'late' : null)
