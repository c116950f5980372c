import { describe, expect, it } from 'vitest'
import { proposedId } from '../src/logic/fence-id'
import { timeAxis } from '../src/logic/time-axis'
import { dataWindow } from '../src/logic/track-window'

const at = (text: string): number => Date.parse(`2026-11-23T${text}:00+08:00`)
const DAY = { fromMs: at('00:00'), toMs: at('00:00') + 86_400_000 }
const MINUTE = 60_000

describe('the line of a replay', () => {
  it('spans where something is, with a little air', () => {
    const span = dataWindow([at('09:00'), at('09:20')], DAY)!
    expect(span.fromMs).toBeLessThan(at('09:00'))
    expect(span.toMs).toBeGreaterThan(at('09:20'))
    expect(span.toMs - span.fromMs).toBeLessThan(25 * MINUTE)
  })
  it('keeps inside of the day and never narrower than some minutes', () => {
    expect(dataWindow([at('00:00')], DAY)).toEqual({ fromMs: DAY.fromMs, toMs: DAY.fromMs + 10 * MINUTE })
    expect(dataWindow([DAY.toMs], DAY)).toEqual({ fromMs: DAY.toMs - 10 * MINUTE, toMs: DAY.toMs })
  })
  it('is the day where there is something all day, or nothing', () => {
    expect(dataWindow([at('01:00'), at('23:00')], DAY)).toBeNull()
    expect(dataWindow([], DAY)).toBeNull()
  })
  it('names round minutes', () => {
    const { ticksMs } = timeAxis(at('09:03'), at('09:24'), MINUTE, 600)
    expect(ticksMs.length).toBeGreaterThan(3)
    for (const ms of ticksMs) expect(ms % (5 * MINUTE) === 0 || ms % (2 * MINUTE) === 0).toBe(true)
  })
})

describe('the id that a new fence might have', () => {
  const initials = (text: string): string => ({ 奎文花园: 'kwhy', 河边: 'hb' })[text] ?? text
  it('follows its site and its name', () => {
    expect(proposedId('qw', '奎文花园', initials, () => false)).toBe('qw-kwhy')
    expect(proposedId(null, '河边', initials, () => false)).toBe('hb')
    expect(proposedId(null, 'North Gate 2', initials, () => false)).toBe('north-gate-2')
  })
  it('is free', () => {
    const taken = new Set(['qw-kwhy', 'qw-kwhy-2', 'fence-1'])
    expect(proposedId('qw', '奎文花园', initials, id => taken.has(id))).toBe('qw-kwhy-3')
    expect(proposedId(null, '', initials, id => taken.has(id))).toBe('fence-2')
  })
  it('is a number where the name has no letters', () => {
    expect(proposedId('qw', '·/·', initials, () => false)).toBe('qw-1')
  })
  it('can always be saved', () => {
    for (const name of ['', '../x', ' 河边 ', '.hidden', '///', 'ÄÖ', 'a'.repeat(300)]) {
      const id = proposedId(null, name, initials, () => false)
      expect(id).toMatch(/^[^./\s][^/]*$/)
      expect(id.length).toBeLessThanOrEqual(100)
    }
  })
})
