import { identityEn } from './identity.en'
import { identityZh } from './identity.zh'
import { featureMessages } from './language'

/** The common texts, and those of the page of sign-in. */
export const useIdentityMessages = featureMessages({ identity: identityEn }, { identity: identityZh })
