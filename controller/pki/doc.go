// Package pki is a small authority for the certificates of engines and of those
// who talk to them: a folder with a root and an intermediate authority, from
// which server and client certificates are issued and revoked.
//
//	ca.pem, ca-key.pem                       the root: what everybody trusts
//	intermediate.pem, intermediate-key.pem   what issues
//	crl.pem                                  what is revoked
//	issued/SERIAL.pem                        every certificate that was issued
//	servers/NAME, clients/NAME               ca.pem, cert.pem, key.pem and crl.pem
//	                                         as dockerd and DOCKER_CERT_PATH take them
//
// ca-key.pem is needed by nothing here after Init, so it may be kept elsewhere.
// No file of a key or certificate is ever overwritten; crl.pem is replaced as a
// whole. Keys have mode 0600.
package pki
