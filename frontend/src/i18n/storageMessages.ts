import { featureMessages } from './language'
import { storageEn } from './storage.en'
import { storageZh } from './storage.zh'

/** The common texts, and those about what is stored, which load with the settings. */
export const useStorageMessages = featureMessages(storageEn, storageZh)
