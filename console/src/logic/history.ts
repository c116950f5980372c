// What was, what is, and what was undone. Changes of one key within a moment are one change, and so is
// everything of one drag, however long it takes. Pure.
export interface History<T> {
  before: readonly T[]
  now: T
  after: readonly T[]
  key: string
  atMs: number
}

const TOGETHER_MS = 1_000
const KEPT = 200

export const begin = <T>(now: T): History<T> => ({ before: [], now, after: [], key: '', atMs: 0 })

export function change<T>(history: History<T>, next: T, key: string, atMs: number): History<T> {
  const inTime = key.startsWith('drag') || atMs - history.atMs < TOGETHER_MS
  const together = key !== '' && key === history.key && inTime
  const before = together ? history.before : [...history.before, history.now].slice(-KEPT)
  return { before, now: next, after: [], key, atMs }
}

export function undo<T>(history: History<T>): History<T> {
  const now = history.before.at(-1)
  if (now === undefined) return history
  return { before: history.before.slice(0, -1), now, after: [history.now, ...history.after], key: '', atMs: 0 }
}

export function redo<T>(history: History<T>): History<T> {
  const [now, ...after] = history.after
  if (now === undefined) return history
  return { before: [...history.before, history.now], now, after, key: '', atMs: 0 }
}
