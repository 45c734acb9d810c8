package interlock

import "fairlead.dev/fairlead/api/v1alpha1"

// readTLS reads how TLS is treated: nil is plain HTTP only.
func (t *translation) readTLS() *v1alpha1.RouteTLS {
	passthrough := t.isTrue(sslPassthrough)
	if t.isWrong(sslPassthrough) {
		t.refuse(sslPassthrough, "cannot be read") // the service would get what it does not speak
	}
	cert, key := t.swarmName(sslCert), t.swarmName(sslKey)
	if passthrough {
		for _, name := range []string{sslCert, sslKey} {
			if t.has(name) {
				t.wrong(name, "has no use beside ssl_passthrough, where the service itself shows the certificate: remove one of them")
			}
		}
		return &v1alpha1.RouteTLS{Mode: v1alpha1.TLSPassthrough}
	}
	return t.terminate(cert, key)
}

func (t *translation) terminate(cert, key string) *v1alpha1.RouteTLS {
	if cert == "" {
		if key != "" {
			t.wrong(sslKey, "has no use without ssl_cert: name the secret that holds the certificate there")
		}
		return nil
	}
	if key == "" {
		t.note(sslCert, "stands without ssl_key, so the secret %s must hold the private key as well", cert)
		key = cert
	}
	both := false
	return &v1alpha1.RouteTLS{Mode: v1alpha1.TLSTerminate, SecretRefs: []v1alpha1.SecretRef{{Cert: cert, Key: key}}, Redirect: &both}
}

// readOnly reads ssl_only: whether the plain side of every host redirects.
func (t *translation) readOnly(tls *v1alpha1.RouteTLS) bool {
	only := t.isTrue(sslOnly)
	switch {
	case !only:
		return false
	case tls == nil:
		t.wrong(sslOnly, "has nothing to redirect to: add ssl_cert and ssl_key, or ssl_passthrough")
		return false
	}
	t.note(sslOnly, "did nothing in Interlock; here plain HTTP is answered with 308 to https")
	return true
}
