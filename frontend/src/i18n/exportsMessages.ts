import { exportsEn } from './exports.en'
import { exportsZh } from './exports.zh'
import { type FeatureMessages, featureMessages } from './language'

export type ExportsMessages = FeatureMessages<typeof exportsEn>

/** The common texts, and those of exports, which load with it. */
export const useExportsMessages = featureMessages(exportsEn, exportsZh)
