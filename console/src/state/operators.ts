// Who an alarm can be given to.
import { shallowRef } from 'vue'
import { get } from '../api'
import type { components } from '../api-types'

export type Operator = components['schemas']['Operator']

export const operators = shallowRef<Operator[] | null>(null)
export const operatorsFailed = shallowRef(false)

export async function readOperators(): Promise<void> {
  try {
    operators.value = (await get<components['schemas']['OperatorList']>('/operators')).items
    operatorsFailed.value = false
  } catch {
    operatorsFailed.value = true
  }
}
