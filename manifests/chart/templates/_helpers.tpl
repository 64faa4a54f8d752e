{{/*
Name of every object. There is one release to a cluster, because the names of the webhook
configurations decide the order in which they are called, and are the same in every cluster.
Not .Chart.Name, which is another one where a chart above this gives it an alias.
*/}}
{{- define "baas.name" -}}
openfunction-dapr-webhook
{{- end }}

{{/* Labels that select the pods. Fixed for good: the selector of a Deployment cannot be changed. */}}
{{- define "baas.selector" -}}
app.kubernetes.io/name: {{ include "baas.name" . }}
app.kubernetes.io/component: webhook
{{- end }}

{{/* Labels of every object. */}}
{{- define "baas.labels" -}}
app.kubernetes.io/name: {{ include "baas.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: openfunction
{{- end }}

{{/* The same, and those that a value adds or puts in their place: a list of the context and these. */}}
{{- define "baas.labelsAnd" -}}
{{- toYaml (merge (deepCopy (index . 1)) (include "baas.labels" (index . 0) | fromYaml)) }}
{{- end }}

{{- define "baas.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "baas.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end }}

{{/* What the restricted Pod Security Standard asks of a container, and a read-only root. */}}
{{- define "baas.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "baas.priorityClass" -}}
{{ .Values.priorityClass.name | default (include "baas.name" .) }}
{{- end }}

{{/* Namespaces that are left alone: the given ones, and two whose pods must start without us whatever is given. */}}
{{- define "baas.excludedNamespaces" -}}
{{ concat .Values.excludedNamespaces (list "kube-system" .Release.Namespace) | uniq | toJson }}
{{- end }}

{{/* Whether API servers are at least of a minor version: a list of the context and e.g. "1.28". */}}
{{- define "baas.isKubernetes" -}}
{{- $context := index . 0 -}}
{{- if semverCompare (printf ">=%s.0-0" (index . 1)) $context.Capabilities.KubeVersion.Version -}}
true
{{- end -}}
{{- end }}

{{/*
Seconds from the order to end until the kubelet kills: the delay, then requests in flight, then
some for the Lease to be given back and the process to end.
*/}}
{{- define "baas.gracePeriodSeconds" -}}
{{- $shutdownTimeout := dig "shutdown-timeout" 20 .Values.settings -}}
{{ add .Values.shutdown.delaySeconds (ceil (float64 $shutdownTimeout)) 5 }}
{{- end }}

{{/* The settings file: what the values decide, and the settings beside it. */}}
{{- define "baas.settings" -}}
{{- $ours := dict
  "port" .Values.ports.admission
  "health-port" .Values.ports.health
  "excluded-namespaces" (include "baas.excludedNamespaces" . | fromJsonArray)
  "proxy-image" (include "baas.image" .)
  "lease-name" (include "baas.name" .)
  "lease-namespace" .Release.Namespace
-}}
{{- if eq .Values.certificates.source "own" }}
{{- $_ := set $ours "certificates" "secret" }}
{{- $_ := set $ours "certificate-secret" .Values.certificates.secretName }}
{{- $_ := set $ours "service-name" (include "baas.name" .) }}
{{- $_ := set $ours "service-namespace" .Release.Namespace }}
{{- else }}
{{- $_ := set $ours "certificates" "files" }}
{{- $_ := set $ours "cert-dir" (include "baas.certificateFolder" .) }}
{{- end }}
{{- toYaml (merge (deepCopy .Values.settings) $ours) }}
{{- end }}

{{- define "baas.settingsFolder" -}}
/etc/openfunction-dapr-webhook
{{- end }}

{{- define "baas.certificateFolder" -}}
/var/run/openfunction-dapr-webhook/certificates
{{- end }}
