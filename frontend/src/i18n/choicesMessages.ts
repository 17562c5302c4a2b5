import { choicesEn } from './choices.en'
import { choicesZh } from './choices.zh'
import { featureMessages } from './language'

/** The common texts, and those of the panels with values to choose, which load with them. */
export const useChoicesMessages = featureMessages(choicesEn, choicesZh)
