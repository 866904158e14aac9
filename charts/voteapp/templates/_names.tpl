{{/* The name of every object of the release that belongs to the operator. */}}
{{- define "voteapp.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "operator" .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-operator" .Release.Name -}}
{{- end -}}
{{- end -}}

{{- define "voteapp.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "voteapp.name" .) "default") -}}
{{- end -}}

{{/* What the operator's pods are found by. The NetworkPolicies of polls admit them by the first. */}}
{{- define "voteapp.selector" -}}
app.kubernetes.io/name: voteapp-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "voteapp.labels" -}}
{{ include "voteapp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: voteapp
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
