import type { NoticeChannels } from '../notify/channels.ts'

/** For whoever runs jobs none of which delivers anything. */
export const NO_CHANNELS: NoticeChannels = {
  endpoint: { url: 'http://127.0.0.1:4600' },
  deliver: () => Promise.reject(new Error('no job here delivers notices')),
}
