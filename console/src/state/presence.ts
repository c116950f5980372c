// What else a shift needs of the browser: notifications, and a screen that stays on. Each with its state.
import { ref } from 'vue'

export type Permission = 'unsupported' | 'default' | 'granted' | 'denied'
export type Awake = 'unsupported' | 'off' | 'on'

export const notifications = ref<Permission>(typeof Notification === 'undefined' ? 'unsupported' : Notification.permission)
export const awake = ref<Awake>('wakeLock' in navigator ? 'off' : 'unsupported')
let wanted = false

export async function askNotifications(): Promise<void> {
  if (typeof Notification === 'undefined') return
  notifications.value = await Notification.requestPermission().catch(() => 'denied' as const)
}

export async function stayAwake(): Promise<void> {
  wanted = true
  if (awake.value === 'unsupported' || awake.value === 'on') return
  try {
    const lock = await navigator.wakeLock.request('screen')
    awake.value = 'on'
    lock.addEventListener('release', () => (awake.value = 'off'))
  } catch {
    awake.value = 'off' // a battery that is low, or a rule of this computer
  }
}

export function letSleep(): void {
  wanted = false
}

// A hidden page loses it; a page that comes back takes it again.
document.addEventListener('visibilitychange', () => {
  if (wanted && document.visibilityState === 'visible') void stayAwake()
})
