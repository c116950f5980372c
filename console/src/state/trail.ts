// The last hour's way of one device: read once, then kept up by what the stream says.
import { type ComputedRef, shallowRef, watch } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'
import type { Point } from '../logic/track'
import { nowMs } from './clock'
import type { Fix } from '../logic/fix'

const HOUR_MS = 3_600_000

export function useTrail(deviceId: ComputedRef<string>, fix: ComputedRef<Fix | undefined>) {
  const points = shallowRef<readonly Point[]>([])
  const add = (now: Fix | undefined): void => {
    const last = points.value.at(-1)
    if (!now || !last || now.measured_at_ms <= last.measured_at_ms) return
    const since = nowMs.value - HOUR_MS
    points.value = [...points.value.filter(point => point.measured_at_ms >= since), { received_at_ms: now.measured_at_ms, ...now }]
  }
  watch(deviceId, async id => {
    points.value = []
    if (!id) return
    const path = withQuery(`/devices/${encodeURIComponent(id)}/track`, { from_ms: Date.now() - HOUR_MS })
    const found = await get<components['schemas']['Track']>(path).catch(() => null)
    if (!found || deviceId.value !== id) return
    points.value = found.points
    add(fix.value)
  }, { immediate: true })
  watch(fix, add)
  return points
}
