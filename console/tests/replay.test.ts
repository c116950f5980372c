import { describe, expect, it } from 'vitest'
import { inForce } from '../src/logic/in-force'
import { headingDeg, isLate, lengthM, pieceAt, piecesOf, stopsOf, type TrackPoint, windOf } from '../src/logic/replay'

const MIN = 60_000
const at = (minute: number, more: Partial<TrackPoint> = {}): TrackPoint =>
  ({ measured_at_ms: minute * MIN, received_at_ms: minute * MIN, lat: 36.7, lon: 119, acc_m: 5, src: 'gnss', ...more })

describe('pieces of a track', () => {
  it('cover every fix once, and join but for gaps', () => {
    const points = [...Array.from({ length: 250 }, (_, i) => at(i)), ...Array.from({ length: 30 }, (_, i) => at(400 + i))]
    const { chunks, gaps } = piecesOf(points)
    expect(gaps).toEqual([{ from: 249, to: 250 }])
    expect(chunks[0]!.from).toBe(0)
    expect(chunks.at(-1)!.to).toBe(279)
    chunks.slice(1).forEach((chunk, i) => expect(chunk.from - chunks[i]!.to).toBe(chunk.from === 250 ? 1 : 0))
    for (let i = 1; i < points.length; i++) {
      const piece = chunks[pieceAt(chunks, i)]!
      expect(piece.from <= i && i <= piece.to).toBe(true)
    }
  })
  it('break where another device measured, and hold nothing of lonely fixes', () => {
    expect(piecesOf([at(0, { device_id: 'a' }), at(1, { device_id: 'b' })])).toEqual({ chunks: [], gaps: [{ from: 0, to: 1 }] })
    expect(piecesOf([])).toEqual({ chunks: [], gaps: [] })
    expect(piecesOf([at(0)])).toEqual({ chunks: [], gaps: [] })
    expect(pieceAt([], 3)).toBe(-1)
  })
})

describe('a day in words', () => {
  it('knows stops of ten minutes and more, and ends them at a gap', () => {
    const stay = (from: number, to: number, lon: number) => Array.from({ length: to - from + 1 }, (_, i) => at(from + i, { lon: lon + (i % 2) * 0.0002 }))
    const stops = stopsOf([...stay(0, 20, 119), ...stay(21, 25, 119.01), ...stay(26, 50, 119.02), ...stay(90, 95, 119.02)])
    expect(stops.map(stop => [stop.fromMs / MIN, stop.toMs / MIN])).toEqual([[0, 20], [26, 50]])
    expect(stopsOf([])).toEqual([])
  })
  it('has a heading only where something moved', () => {
    const points = [at(0), at(1, { lon: 119.001 }), at(2, { lon: 119.001, lat: 36.701 }), at(3, { lon: 119.00101, lat: 36.701 })]
    expect(headingDeg(points, 0)).toBeNull()
    expect(windOf(headingDeg(points, 1)!)).toBe('e')
    expect(windOf(headingDeg(points, 2)!)).toBe('n')
    expect(headingDeg(points, 3)).toBeNull()
    expect(windOf(359)).toBe('n')
  })
  it('counts no way that the accuracy explains', () => {
    expect(lengthM([at(0), at(1, { lon: 119.00002 }), at(2)])).toBe(0)
    expect(lengthM([at(0), at(1, { lon: 119.001 }), at(2, { lon: 119.002 })])).toBeCloseTo(178.5, 0)
    expect(lengthM([at(0), at(60, { lon: 119.1 })])).toBe(0)
  })
  it('knows what came late', () => {
    expect(isLate(at(0, { received_at_ms: 5 * MIN }))).toBe(false)
    expect(isLate(at(0, { received_at_ms: 5 * MIN + 1 }))).toBe(true)
  })
})

describe('a fence in force', () => {
  const sunday = Date.parse('2026-11-22T00:00:00+08:00')
  const night = { tz: 'Asia/Shanghai', weekly: [{ days: [7], from: '19:00', to: '07:00' }] }
  const hour = (n: number): number => sunday + n * 3_600_000
  it('may cross midnight, and without a schedule it always is', () => {
    expect([18, 19, 30, 31, 43].map(n => inForce(night, hour(n)))).toEqual([false, true, true, false, false])
    expect(inForce(null, sunday)).toBe(true)
  })
})
