#!/usr/bin/env bash
# A throwaway PostgreSQL for the tests, on a free port of 127.0.0.1, in a folder of its own.
#
#   bash tests/postgres.sh start FOLDER [PID]   starts it in FOLDER (must not exist) and prints its
#                                               address; it stops by itself once process PID is gone
#   bash tests/postgres.sh stop FOLDER          stops it and deletes FOLDER
#   bash tests/postgres.sh find                 says where PostgreSQL's programs are, or fails
#
# initdb refuses root, so root lends the folder to the user postgres, or nobody where there is none.
set -euo pipefail

find_programs() {
    local candidate folder best=
    for candidate in "$(command -v initdb || true)" /usr/local/bin/initdb /usr/local/pgsql/bin/initdb; do
        [[ -x $candidate ]] || continue
        # A link or a wrapper may stand alone; the server is needed too.
        folder=$(dirname "$(readlink -f "$candidate")")
        [[ -x $folder/postgres && -x $folder/pg_ctl && -x $folder/psql ]] && best=$folder && break
    done
    if [[ -z $best ]]; then
        for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
            [[ -x $candidate/postgres && -x $candidate/initdb ]] && best=$candidate
        done
    fi
    [[ -n $best ]] && printf '%s\n' "$best"
}

# Who runs the server: nobody else's business unless we are root.
owner() {
    if [[ $(id -u) -ne 0 ]]; then
        id -un
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_owner() {
    if [[ $(id -u) -eq 0 ]]; then
        runuser -u "$(owner)" -- "$@"
    else
        "$@"
    fi
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start() {
    local folder=$1 parent=${2:-} programs password port attempt
    programs=$(find_programs) || { echo "PostgreSQL's programs were not found" >&2; return 1; }
    mkdir -m 700 "$folder"
    folder=$(readlink -f "$folder")
    trap 'code=$?; [[ $code -eq 0 ]] || stop "$folder"; exit $code' EXIT
    touch "$folder/.throwaway-postgres"
    [[ $(id -u) -ne 0 ]] || chown "$(owner)" "$folder" "$folder/.throwaway-postgres"
    cd "$folder" 2>/dev/null || cd /
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" | as_owner tee "$folder/password" >/dev/null
    as_owner chmod 600 "$folder/password"
    as_owner "$programs/initdb" --pgdata="$folder/data" --username=sanshe --pwfile="$folder/password" \
        --auth=password --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 \
        || { cat "$folder/initdb.log" >&2; return 1; }
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        is_free "$port" || continue
        # Durability is not what these tests test; the server dies with them.
        if as_owner "$programs/pg_ctl" --pgdata="$folder/data" --log="$folder/server.log" --wait --timeout=60 \
            --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$folder' \
                -c max_connections=300 -c shared_buffers=128MB -c fsync=off -c full_page_writes=off \
                -c max_wal_size=2GB" start </dev/null >"$folder/start.log" 2>&1; then
            PGPASSWORD=$password as_owner "$programs/psql" --quiet --no-psqlrc --host="$folder" --port="$port" \
                --username=sanshe --dbname=postgres --command='CREATE DATABASE sanshe' >&2
            if [[ -n $parent ]]; then
                # A killed parent runs no trap. tail ends with it; so does this, whatever it finds.
                setsid bash -c 'tail --pid="$1" -f /dev/null; exec bash "$2" stop "$3"' _ \
                    "$parent" "$self" "$folder" </dev/null >/dev/null 2>&1 &
            fi
            printf 'postgres://sanshe:%s@127.0.0.1:%s/sanshe\n' "$password" "$port"
            return 0
        fi
        # Somebody may have taken the port between the look and the start.
        grep -q 'could not bind' "$folder/server.log" || break
    done
    cat "$folder/server.log" >&2 || true
    return 1
}

stop() {
    local folder=$1 programs
    # Delete only what `start` made.
    [[ -f $folder/.throwaway-postgres ]] || return 0
    programs=$(find_programs)
    cd /
    if [[ -f $folder/data/postmaster.pid ]]; then
        as_owner "$programs/pg_ctl" --pgdata="$folder/data" --mode=immediate --wait --timeout=30 stop \
            >/dev/null 2>&1 || echo "the throwaway PostgreSQL in $folder did not stop" >&2
    fi
    rm -rf "$folder"
}

self=$(readlink -f "${BASH_SOURCE[0]}")
case "${1:-} $#" in
    'start 2' | 'start 3') start "$2" "${3:-}" ;;
    'stop 2') stop "$2" ;;
    'find 1') find_programs ;;
    *)
        sed -n '2,10s/^# \{0,1\}//p' "$self" >&2
        exit 2
        ;;
esac
