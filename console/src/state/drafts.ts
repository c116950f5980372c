// What somebody has begun to write about an alarm; it outlives the drawer, so that a look elsewhere
// costs no words.
import { reactive } from 'vue'

export const drafts = reactive(new Map<string, string>())
