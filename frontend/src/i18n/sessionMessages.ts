import { type FeatureMessages, featureMessages } from './language'
import { sessionEn } from './session.en'
import { sessionZh } from './session.zh'

export type SessionMessages = FeatureMessages<typeof sessionEn>

/** The common texts, and those of the pages before the log, which load with it. */
export const useSessionMessages = featureMessages(sessionEn, sessionZh)
