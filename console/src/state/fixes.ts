// Where all devices are now, for the map: gathered from the roster and the stream, told once a second.
import { onBeforeUnmount, onMounted, shallowRef, watch } from 'vue'
import { onPositions } from './link'
import type { Fix } from '../logic/fix'
import { devices, rosterLoaded } from './roster'

const EVERY_MS = 1000

export function useFixes() {
  const newest = new Map<string, Fix>()
  const told = shallowRef<ReadonlyMap<string, Fix>>(new Map())
  let changed = false
  const take = (id: string, fix: Fix | null): void => {
    const before = newest.get(id)
    if (!fix || (before && before.measured_at_ms > fix.measured_at_ms)) return
    newest.set(id, fix)
    changed = true
  }
  const tell = (): void => {
    if (!changed) return
    changed = false
    told.value = new Map(newest)
  }
  watch(rosterLoaded, () => {
    for (const device of devices.items.values()) take(device.device_id, device.position)
    tell()
  }, { immediate: true })
  const stop = onPositions(items => items.forEach(item => take(item.device_id, item)))
  let timer: ReturnType<typeof setInterval>
  onMounted(() => (timer = setInterval(tell, EVERY_MS)))
  onBeforeUnmount(() => {
    stop()
    clearInterval(timer)
  })
  return told
}
