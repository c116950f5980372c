// Who is signed in, in this browser.
import { ref } from 'vue'
import { ApiError, ask, get } from '../api'
import type { components } from '../api-types'

export type Session = components['schemas']['Session']

/** undefined: not asked yet; null: nobody. */
export const session = ref<Session | null | undefined>(undefined)

/** The service ended it; the person did not. */
export const expired = ref(false)

export async function learnSession(): Promise<void> {
  try {
    session.value = await get<Session>('/session')
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null
    else throw error
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  session.value = (await ask<Session>('POST', '/session', { username, password })).body
  expired.value = false
}

export async function signOut(): Promise<void> {
  await ask('DELETE', '/session')
  expired.value = false
  session.value = null
}
