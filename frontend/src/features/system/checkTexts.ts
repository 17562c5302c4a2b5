import type { checksEn } from '../../i18n/checks.en'
import type { Widen } from '../../i18n/en'
import { n } from '../../i18n/numbers'
import { sizeText } from '../../lib/size'
import { exactTime } from '../../lib/time/zone'
import { visibleText } from '../../lib/visible'
import type { Finding } from '../../model/api/types'

export type ChecksMessages = Widen<typeof checksEn>

/** What a check found, and what to do about it: in the language of the console, or as the server says it if the code is not known. */
export function findingTexts(of: Finding, zone: string, messages: ChecksMessages): { fact: string; advice: string } {
  const { code, params = {} } = of
  const fact = (messages.facts as Record<string, string>)[code]
  if (fact === undefined) return { fact: visibleText(of.fact), advice: visibleText(of.advice ?? '') }
  const advice = (messages.advice as Record<string, string>)[code] ?? ''
  return { fact: fill(fact, params, zone, messages), advice: fill(advice, params, zone, messages) }
}

function fill(text: string, params: Record<string, unknown>, zone: string, messages: ChecksMessages): string {
  return text.replaceAll(/\{(\w+)(?::(\w+))?\}/g, (_, name: string, kind?: string) => {
    const value = params[name]
    if (kind === 'time') return exactTime(String(value), zone)
    if (typeof value !== 'number') return visibleText(String(value ?? ''))
    if (kind === 'bytes') return sizeText(value)
    return kind === 'duration' ? durationText(value, messages) : n(value)
  })
}

/** A duration in its largest unit of which there are at least two. */
function durationText(seconds: number, messages: ChecksMessages): string {
  if (seconds >= 2 * 86_400) return messages.days(Math.floor(seconds / 86_400))
  if (seconds >= 2 * 3600) return messages.hours(Math.floor(seconds / 3600))
  return seconds >= 2 * 60 ? messages.minutes(Math.floor(seconds / 60)) : messages.seconds(Math.floor(seconds))
}

/** The name of a check. */
export function checkName(check: string, messages: ChecksMessages): string {
  return (messages.names as Record<string, string>)[check] ?? check
}
