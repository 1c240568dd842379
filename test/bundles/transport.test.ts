import { keepsTheTransportContract } from '../sync/transport-contract.ts';
import { bundlePair } from './bundle-pair.ts';

keepsTheTransportContract('bundles', bundlePair);
