// Package swarm is everything of Docker, and the only package that talks to it:
// where the API is found (Connect, as the docker command does), what the swarm
// is (Observer), the configs that objects stand in (Client's methods for package
// store), and the Tenders (Client.Act, Home).
//
// The observer costs few calls, whatever the size of the swarm. There are no
// task events in Docker, so tasks are listed on every pass, all in one call;
// services, networks, secrets, nodes and configs are listed when an event says
// that one changed, after a gap in the events, and every now and then. A failed
// call is an error for the whole observation: what could not be seen is never
// taken for gone.
package swarm
