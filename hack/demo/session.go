package main

import (
	"net/http"
	"strconv"
	"time"
)

// sessionCookie is the name that sticky-session settings are tried with.
const sessionCookie = "session"

// renewSession gives a client without a session one for a day; to a client that
// has one it repeats the value without attributes, as the documents show it. It
// returns the value that the client sent, "" if none.
func renewSession(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(sessionCookie); err == nil {
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: c.Value})
		return c.Value
	}
	const day = 24 * time.Hour
	now := time.Now()
	http.SetCookie(w, &http.Cookie{
		Name:    sessionCookie,
		Value:   strconv.FormatInt(now.UnixNano(), 10),
		Path:    "/",
		Expires: now.Add(day),
		MaxAge:  int(day / time.Second),
	})
	return ""
}
