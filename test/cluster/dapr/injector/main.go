// Command injector does with a Pod what Dapr's sidecar injector does: it serves
// the patch that Dapr's own package makes, over HTTPS on loopback.
//
// Dapr's injector itself needs a cluster with Dapr's control plane in it, and
// listens on every address. What it decides around the patch is repeated here
// from pkg/injector/service of the Dapr release in go.mod (handler.go,
// pod_patch.go), set up as Dapr's chart sets it up by default. Left out are who
// may create such Pods, where an admin may do everything, and containers of
// pluggable components, which Dapr reads from the cluster.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/dapr/dapr/pkg/injector/annotations"
	"github.com/dapr/dapr/pkg/injector/consts"
	"github.com/dapr/dapr/pkg/injector/patcher"
)

// Where Dapr's control plane would be.
const (
	controlPlaneNamespace   = "dapr-system"
	controlPlaneTrustDomain = "cluster.local"
	clusterDomain           = "cluster.local"
)

func main() {
	port := flag.Int("port", 0, "port of 127.0.0.1 to listen on; 0 takes a free one")
	certFile := flag.String("cert", "", "PEM file of the serving certificate")
	keyFile := flag.String("key", "", "PEM file of its key")
	native := flag.Bool("native-sidecar", false, "inject daprd as a native sidecar")
	flag.Parse()
	if err := run(*port, *certFile, *keyFile, *native); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until standard input ends: whatever ends the tests, this program ends with them.
func run(port int, certFile, keyFile string, native bool) error {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /mutate", handler(native))
	server := http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(listener, "", "") }()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ended:
		return nil
	}
}

func handler(native bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		err := json.NewDecoder(r.Body).Decode(&review)
		if err != nil || review.Request == nil {
			http.Error(w, fmt.Sprintf("no AdmissionReview: %v", err), http.StatusBadRequest)
			return
		}
		response := answer(review.Request, native)
		response.UID = review.Request.UID
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(admissionv1.AdmissionReview{
			TypeMeta: review.TypeMeta,
			Response: response,
		})
	})
}

func answer(request *admissionv1.AdmissionRequest, native bool) *admissionv1.AdmissionResponse {
	patch, err := patchOf(request, native)
	if err != nil {
		// No "allowed": Dapr refuses the Pod.
		return &admissionv1.AdmissionResponse{Result: &metav1.Status{Message: err.Error()}}
	}
	if patch == nil {
		return &admissionv1.AdmissionResponse{Allowed: true}
	}
	patchType := admissionv1.PatchTypeJSONPatch
	return &admissionv1.AdmissionResponse{Allowed: true, Patch: patch, PatchType: &patchType}
}

func patchOf(request *admissionv1.AdmissionRequest, native bool) ([]byte, error) {
	pod := &corev1.Pod{}
	if err := json.Unmarshal(request.Object.Raw, pod); err != nil {
		return nil, fmt.Errorf("could not unmarshal raw object: %w", err)
	}
	if !strings.EqualFold(pod.Annotations[annotations.KeyEnabled], "true") {
		return nil, nil
	}
	operations, err := sidecarConfig(pod, request.Namespace, native).GetPatch()
	if err != nil || len(operations) == 0 {
		return nil, err
	}
	return json.Marshal(operations)
}

func sidecarConfig(pod *corev1.Pod, namespace string, native bool) *patcher.SidecarConfig {
	sidecar := patcher.NewSidecarConfig(pod)
	sidecar.Mode = consts.ModeKubernetes
	sidecar.Namespace = namespace
	sidecar.MTLSEnabled = true
	sidecar.Identity = namespace + ":" + pod.Spec.ServiceAccountName
	sidecar.ImagePullPolicy = corev1.PullIfNotPresent
	sidecar.OperatorAddress = patcher.ServiceAPI.Address(controlPlaneNamespace, clusterDomain)
	sidecar.SentryAddress = patcher.ServiceSentry.Address(controlPlaneNamespace, clusterDomain)
	sidecar.PlacementAddress = patcher.ServicePlacement.Address(controlPlaneNamespace, clusterDomain)
	sidecar.SchedulerEnabled = true
	sidecar.RunAsNonRoot = true
	sidecar.ReadOnlyRootFilesystem = true
	sidecar.ControlPlaneNamespace = controlPlaneNamespace
	sidecar.ControlPlaneTrustDomain = controlPlaneTrustDomain
	sidecar.SentrySPIFFEID = "spiffe://" + controlPlaneTrustDomain + "/ns/" + controlPlaneNamespace + "/dapr-sentry"
	sidecar.CurrentTrustAnchors = []byte("trust anchors")
	sidecar.KubeClusterDomain = clusterDomain
	sidecar.EnableNativeSidecar = native
	sidecar.SidecarImage = "example.com/daprd"
	sidecar.SetFromPodAnnotations()
	return sidecar
}
