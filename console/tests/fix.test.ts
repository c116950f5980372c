import { describe, expect, it } from 'vitest'
import { type Fix, isVague, tellingFix } from '../src/logic/fix'

const SECOND = 1000
const fix = (atS: number, acc_m: number | null, northM = 0, src = 'gnss'): Fix => ({ lat: 36.7 + northM / 111_320, lon: 119.1, acc_m, src, measured_at_ms: atS * SECOND })

describe('which fix says where somebody is', () => {
  const sharp = fix(0, 12)
  const rough = fix(30, 1500, 300, 'cell')
  it('is the sharp one while the rough one agrees', () => {
    expect(tellingFix(sharp, rough, 40 * SECOND)).toBe(sharp)
  })
  it('is the rough one where the sharp one is outside of it: they have gone', () => {
    const away = fix(30, 500, 2000, 'cell')
    expect(tellingFix(sharp, away, 40 * SECOND)).toBe(away)
  })
  it('is the newest once the other has aged', () => {
    expect(tellingFix(sharp, rough, 1300 * SECOND)).toBe(rough)
  })
  it('is the newest of two alike, and of none', () => {
    const next = fix(30, 15, 20)
    expect(tellingFix(sharp, next, 30 * SECOND)).toBe(next)
    expect(tellingFix(null, next, 30 * SECOND)).toBe(next)
    expect(tellingFix(next, next, 30 * SECOND)).toBe(next)
  })
  it('calls vague what says nothing of a side', () => {
    expect([fix(0, 12), fix(0, 300), fix(0, null)].map(isVague)).toEqual([false, true, true])
  })
})
