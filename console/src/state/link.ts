// The life of this tab's link: joins the stream, feeds what it says to the state, knows when it is ill.
import { computed, ref, shallowRef } from 'vue'
import { linkDangers } from '../logic/health'
import { joinStream, leaveStream } from '../stream/client'
import type { Message, Moved, Pulse } from '../stream/messages'
import { applyTransition, forgetAlarms, load } from './alarms'
import { nowMs } from './clock'
import { loadRoster, stopRoster } from './roster'
import { session } from './session'

const pulse = shallowRef<Pulse | null>(null)
const heardMs = ref(0)
const clockOffsetMs = ref(0)
const listeners = new Set<(moved: Moved[]) => void>()

export const dangers = computed(() =>
  linkDangers(
    {
      heardMs: heardMs.value,
      clockOffsetMs: clockOffsetMs.value,
      gateway: pulse.value?.gateway ?? null,
      gatewayAgeMs: pulse.value?.age_ms ?? null,
    },
    nowMs.value,
  ))

export function onPositions(listener: (moved: Moved[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function openLink(): void {
  heardMs.value = Date.now()
  joinStream(hear)
  void loadRoster()
}

export function closeLink(): void {
  leaveStream()
  stopRoster()
  forgetAlarms()
  pulse.value = null
}

function hear(message: Message): void {
  switch (message.type) {
    case 'joined':
      void load(message.after)
      break
    case 'transition':
      heardMs.value = Date.now()
      applyTransition(message.alarm)
      break
    case 'pulse':
      heardMs.value = nowMs.value = Date.now()
      clockOffsetMs.value = message.receivedMs - message.pulse.at_ms
      pulse.value = message.pulse
      break
    case 'positions':
      for (const listener of listeners) listener(message.items)
      break
    case 'reset':
      forgetAlarms()
      void loadRoster()
      break
    case 'signed_out':
      session.value = null
  }
}
