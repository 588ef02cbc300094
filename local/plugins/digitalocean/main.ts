import { serve } from "../shared/server";
import { digitalocean } from "./digitalocean";

void serve(digitalocean);
