// How each alarm sounds: one period of each tone as samples, and how it grows louder. Pure.
export type Tone = 'fire' | 'urgent' | 'high' | 'link'

interface Beep { hz: number, atS: number, lengthS: number }
interface Sound { periodS: number, wave: 'siren' | 'horn' | 'bell', beeps: readonly Beep[] }

const beeps = (hz: readonly number[], everyS: number, lengthS: number): Beep[] =>
  hz.map((one, i) => ({ hz: one, atS: i * everyS, lengthS }))

/** Told apart by pitch, rhythm and colour: fire wails without a pause, urgent knocks, high chimes, a lost link hums low. */
export const SOUNDS: Record<Tone, Sound> = {
  fire: { periodS: 1.4, wave: 'siren', beeps: beeps([1250, 940, 1250, 940], 0.35, 0.32) },
  urgent: { periodS: 2.4, wave: 'horn', beeps: beeps([780, 780, 780], 0.24, 0.17) },
  high: { periodS: 8, wave: 'bell', beeps: beeps([523, 659], 0.32, 0.28) },
  link: { periodS: 10, wave: 'horn', beeps: beeps([294, 220], 0.4, 0.34) },
}
export const TONES = Object.keys(SOUNDS) as Tone[]

const RAMP_S = 0.012 // a shorter one clicks
const PEAK = 0.85
/** Odd partials make it carry through a noisy room; the siren has the most. */
const PARTIALS = { siren: [1, 1 / 3, 1 / 5], horn: [1, 1 / 4], bell: [1] } as const

/** When the last beep of a period is over. */
export const audibleS = (tone: Tone): number => Math.max(...SOUNDS[tone].beeps.map(beep => beep.atS + beep.lengthS))

/** One whole period, silence included, so that it can be repeated without anybody counting the time. */
export function samples(tone: Tone, rate: number): Float32Array<ArrayBuffer> {
  const { periodS, wave, beeps: all } = SOUNDS[tone]
  const found = new Float32Array(Math.round(periodS * rate))
  const partials = PARTIALS[wave]
  const sum = partials.reduce((total, one) => total + one, 0)
  for (const { hz, atS, lengthS } of all) {
    const from = Math.round(atS * rate)
    const length = Math.round(lengthS * rate)
    for (let i = 0; i < length; i++) {
      const s = i / rate
      const edge = Math.min(1, s / RAMP_S, (lengthS - s) / RAMP_S)
      const value = partials.reduce((total, share, n) => total + share * Math.sin(2 * Math.PI * hz * (2 * n + 1) * s), 0)
      found[from + i] = (PEAK * edge * value) / sum
    }
  }
  return found
}

/** The quietest that may be chosen: a console that cannot be heard must not look as if it could. */
export const MIN_VOLUME = 0.3
export const clampVolume = (volume: number): number =>
  Number.isFinite(volume) ? Math.min(1, Math.max(MIN_VOLUME, volume)) : 1

/** Every half minute without an answer it is said again, louder. */
export const AGAIN_S = 30
const LOUDER = [0.5, 0.75, 1] as const

/** The loudness of a tone from its begin on: from `atS` seconds the factor `gain`. */
export const loudness = (volume: number): { atS: number, gain: number }[] =>
  LOUDER.map((share, i) => ({ atS: i * AGAIN_S, gain: clampVolume(volume) * share }))
