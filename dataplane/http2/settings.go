package http2

import "encoding/binary"

// The settings of RFC 9113 section 6.5.2.
const (
	settingTable      = 0x1
	settingPush       = 0x2
	settingStreams    = 0x3
	settingWindow     = 0x4
	settingFrame      = 0x5
	settingHeaderList = 0x6
)

// maxSettingsOfFrame bounds the settings in one frame: a window that changes
// costs a look at every stream.
const maxSettingsOfFrame = 32

// settings takes SETTINGS in and acknowledges them (6.5).
func (l *link) settings(f *frame) error {
	switch {
	case f.id != 0:
		return errStreamZero
	case f.has(flagAck) && len(f.payload) > 0, len(f.payload)%6 != 0:
		return errFrameSize
	case f.has(flagAck):
		return nil
	}
	if err := l.count(&l.limits.settings, maxSettings, "settings_flood"); err != nil {
		return err
	}
	if len(f.payload) > 6*maxSettingsOfFrame {
		l.refuse("settings_flood")
		return errCalm
	}
	if err := l.answer("settings_flood"); err != nil {
		return err
	}
	streams := int64(-1)
	for p := f.payload; len(p) > 0; p = p[6:] {
		id, value := binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:])
		if id == settingStreams {
			streams = int64(value)
		} else if err := l.setting(id, value); err != nil {
			return err
		}
	}
	l.role.settled(streams)
	l.out = appendFrame(l.room(), 0, frameSettings, flagAck, 0)
	l.poke()
	return nil
}

// setting obeys one setting. Unknown ones are ignored.
func (l *link) setting(id uint16, value uint32) error {
	switch id {
	case settingTable:
		l.enc.resize(value)
	case settingPush:
		if value > 1 {
			return errSettings
		}
	case settingWindow:
		if value > maxWindow {
			return errSettingWindow
		}
		return l.setWindows(int64(value))
	case settingFrame:
		if value < maxFrame || value > 1<<24-1 {
			return errSettings
		}
	}
	return nil
}

// setWindows changes the windows of all streams, which can become negative
// (6.9.2).
func (l *link) setWindows(to int64) error {
	by := to - l.initialWindow
	l.initialWindow = to
	for _, s := range l.streams {
		if s.window += by; s.window > maxWindow {
			return errSettingWindow
		}
		s.canSend.Broadcast()
	}
	return nil
}
