// Where a device was last measured: what the roster said, then what the stream says.
import { onBeforeUnmount, shallowRef, watch } from 'vue'
import type { Moved } from '../stream/messages'
import { onPositions } from './link'
import { devices } from './roster'

export interface Fix {
  lat: number
  lon: number
  acc_m: number | null
  src: string | null
  measured_at_ms: number
}

/** The newest of what is known of one device, while the caller is on the page. */
export function useNewestFix(deviceId: () => string | null, first: () => Fix | null) {
  const newest = shallowRef<Fix | null>(null)
  const take = (fix: Fix | null | undefined): void => {
    if (fix && (!newest.value || fix.measured_at_ms >= newest.value.measured_at_ms)) newest.value = fix
  }
  watch(() => [deviceId(), first(), devices.find(deviceId())?.position] as const, ([, of, now]) => {
    take(of)
    take(now)
  }, { immediate: true })
  onBeforeUnmount(onPositions((items: Moved[]) => take(items.findLast(item => item.device_id === deviceId()))))
  return newest
}
