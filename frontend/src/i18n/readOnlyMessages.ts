import { featureMessages } from './language'
import { readOnlyEn } from './readOnly.en'
import { readOnlyZh } from './readOnly.zh'

/** The common texts, and those of the banner of a read-only log, which load with it. */
export const useReadOnlyMessages = featureMessages(readOnlyEn, readOnlyZh)
