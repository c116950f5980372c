import { describe, expect, it } from 'vitest'
import { GONE_MS, outranks, whoSounds } from '../src/logic/election'
import { audibleS, clampVolume, loudness, MIN_VOLUME, samples, SOUNDS, TONES } from '../src/logic/tones'

const RATE = 16_000

/** How much of one pitch there is, by Goertzel's method. */
function power(of: Float32Array, hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / RATE)
  let [before, last] = [0, 0]
  for (const value of of) [before, last] = [last, value + turn * last - before]
  return before * before + last * last - turn * before * last
}
const PITCHES = [220, 294, 523, 659, 780, 940, 1250]
const loudest = (of: Float32Array): number => PITCHES.reduce((most, hz) => (power(of, hz) > power(of, most) ? hz : most))

describe('tones', () => {
  it('are audible, do not overdrive, and end with a silence that makes the period', () => {
    for (const tone of TONES) {
      const one = samples(tone, RATE)
      expect(one.length).toBe(Math.round(SOUNDS[tone].periodS * RATE))
      const peak = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(peak, tone).toBeGreaterThan(0.5)
      expect(peak, tone).toBeLessThanOrEqual(1)
      expect(Math.abs(one.at(-1)!)).toBeLessThan(0.01)
      expect(audibleS(tone)).toBeLessThanOrEqual(SOUNDS[tone].periodS)
    }
  })
  it('are told apart by pitch, and fire leaves the shortest silence', () => {
    const pitches = TONES.map(tone => loudest(samples(tone, RATE)))
    expect(new Set(pitches).size).toBe(TONES.length)
    const silence = (tone: (typeof TONES)[number]) => SOUNDS[tone].periodS - audibleS(tone)
    expect([...TONES].sort((a, b) => silence(a) - silence(b))[0]).toBe('fire')
  })
  it('grow louder every half minute, and are never silent', () => {
    const steps = loudness(0)
    expect(steps.map(step => step.atS)).toEqual([0, 30, 60])
    expect(steps.every((step, i) => step.gain > (steps[i - 1]?.gain ?? 0))).toBe(true)
    expect([0, -1, NaN, 7].map(clampVolume)).toEqual([MIN_VOLUME, MIN_VOLUME, 1, 1])
  })
})

describe('which tab sounds', () => {
  it('is this one, or another that was heard of late', () => {
    const mine = { id: 'a', sinceMs: 1 }
    expect(whoSounds(mine, null, 0)).toBe('here')
    expect(whoSounds(null, null, 0)).toBe('nowhere')
    expect(whoSounds(null, 1000, 1000 + GONE_MS - 1)).toBe('elsewhere')
    expect(whoSounds(null, 1000, 1000 + GONE_MS)).toBe('nowhere')
  })
  it('is one of two: the younger claim, and of twins always the same', () => {
    expect(outranks({ id: 'a', sinceMs: 2 }, { id: 'b', sinceMs: 1 })).toBe(true)
    expect(outranks({ id: 'a', sinceMs: 1 }, { id: 'b', sinceMs: 1 })).toBe(false)
    expect(outranks({ id: 'b', sinceMs: 1 }, { id: 'a', sinceMs: 1 })).toBe(true)
  })
})
